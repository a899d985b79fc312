import type { DataClassName } from '@patchbay/domain/privacy/data-classes';

/** A table, or a part of one that only an export has to know. */
export interface ClassTable {
  readonly table: string;
  /** What an export has of a row: nothing that is not named here is in it (C17). Absent: the table is in no export. */
  readonly columns?: readonly string[];
  /** Columns that no export has, each a secret or of no meaning outside. Said, so that a new column is asked about. */
  readonly without?: readonly string[];
  /** Of rows that say who did something: of an account above the exported one neither the id nor anybody is named (C1). */
  readonly doneBy?: {
    /** Columns that name whoever did it. */
    readonly names: readonly string[];
    /** Where they hold the right to it. */
    readonly at: string;
    /** Columns in which ids of accounts may stand. */
    readonly texts: readonly string[];
    /** The accounts from the platform down to that of the row. */
    readonly path: string;
  };
  /** Of a document: of a seller above the exported account neither the id nor what names it in its lines is told (PRD-2). */
  readonly soldBy?: {
    /** The column that says who sells. */
    readonly at: string;
    /** The document itself, whose lines have the id of their seller in their key. */
    readonly content: string;
  };
  /**
   * Of words that accounts have about one: those about the same, of accounts above the exported one, are told as one row, so that
   * nobody counts who spoke (decision 0021). SQL of a row by its name: the word of which it is the least has its way.
   */
  readonly oneAbove?: (row: string) => string;
  /** With it: the column of the word, where what they come to is more than the word of one of them, and by whose rules. */
  readonly wordAbove?: { readonly column: string; readonly kind: 'config' | 'retention' };
  /** The order in which the rows of an account are read, page after page: unique, and by an index. */
  readonly order?: readonly string[];
  /** What says whose the row is. Default the column account_id. */
  readonly ownedBy?: string;
  /** Of a table that has no account: what leads to one. Its rows are `t`. */
  readonly through?: string;
}

/** Of words that are merged, the row of the one that was said last says since when they hold. */
const lastSaid = (row: string) => `-extract(epoch FROM ${row}.updated_at)`;

/**
 * In which tables the rows of a class are. Every table of the database is in one of them: a test walks the catalogue, so a
 * table that is added belongs to nobody until somebody says what it holds.
 */
export const classTables = {
  sessionLogs: [
    {
      table: 'session',
      order: ['id'],
      columns: [
        ...['id', 'account_id', 'application_id', 'kind', 'state', 'mode', 'region', 'leg_ids'],
        ...['started_at', 'connected_at', 'ended_at', 'end_code'],
        ...['paused_at', 'ends_at', 'bits_per_second_max'],
      ],
      without: [
        ...['node_id', 'mode_sequence', 'joined_leg_ids', 'left_leg_ids'],
        ...['pause_sequence', 'limits_sequence'],
      ],
    },
    {
      table: 'session_leg',
      order: ['id'],
      columns: [
        ...['id', 'session_id', 'account_id', 'identity', 'state', 'audio', 'video', 'screen'],
        ...['bits_per_second', 'joined_at', 'left_at', 'muted_audio', 'muted_video', 'muted_screen'],
      ],
      without: ['media_sequence', 'quality_sequence', 'muted_sequence'],
    },
    {
      table: 'session_event',
      order: ['at', 'session_id', 'sequence'],
      columns: ['session_id', 'sequence', 'account_id', 'leg_id', 'at', 'kind', 'data'],
    },
    {
      // While it runs; then its row goes.
      table: 'live_room',
      order: ['name'],
      columns: ['account_id', 'name', 'snapshot'],
      without: ['node_id', 'lease_until'],
    },
  ],
  refusedRequests: [
    {
      table: 'refused_request',
      order: ['id'],
      columns: [
        ...['id', 'account_id', 'at', 'actor_id', 'actor_name', 'operation', 'asked_account_id'],
        ...['code', 'status', 'rule'],
      ],
      // They may name levels above, which are not this account's to know (C1).
      without: ['known', 'level', 'detail'],
    },
  ],
  usageRecords: [
    {
      table: 'usage_record',
      order: ['to_at', 'node_id', 'boot', 'sequence'],
      columns: [
        ...['day', 'boot', 'sequence', 'account_id', 'application_id', 'endpoint_id', 'credential_id'],
        ...[
          'session_id',
          'segment',
          'from_at',
          'to_at',
          'received_at',
          'meters',
          'dimension_set_ids',
          'quantities',
        ],
      ],
      without: ['node_id'],
    },
  ],
  refusedUsage: [
    {
      table: 'usage_conflict',
      order: ['seen_at', 'body_hash'],
      columns: ['account_id', 'reason', 'body', 'seen_at'],
      without: ['node_id', 'boot', 'sequence', 'body_hash'],
    },
  ],
  events: [
    {
      table: 'platform_event',
      order: ['at', 'id'],
      columns: [
        ...['id', 'account_id', 'type', 'at', 'application_id', 'instance_type', 'session_id'],
        ...['session_sequence', 'data'],
      ],
      // Places are counted over all accounts.
      without: ['arrival', 'position', 'hops'],
    },
  ],
  channelMessages: [
    {
      table: 'channel_message',
      order: ['channel', 'message_offset'],
      columns: [
        ...['account_id', 'channel', 'message_offset', 'epoch', 'id', 'published_at', 'publisher'],
        ...['encoding', 'data', 'expires_at'],
      ],
      without: ['key', 'forget_at'],
    },
    {
      table: 'channel_member',
      order: ['channel', 'connection_id'],
      columns: ['account_id', 'channel', 'connection_id', 'identity', 'device', 'joined_at'],
      without: ['node_id', 'boot'],
    },
  ],
  notices: [
    {
      table: 'notice',
      order: ['id'],
      columns: [
        ...['id', 'account_id', 'application_id', 'endpoint_id', 'state', 'content', 'ways', 'created_at'],
        ...['expires_at', 'sent_at', 'delivered_at', 'read_at'],
      ],
      // How it is worked on.
      without: ['urgency_rank', 'emails_per_day', 'step', 'due_at', 'lease_until', 'taken_count'],
    },
    {
      table: 'notice_delivery',
      order: ['notice_id', 'number'],
      columns: [
        ...['account_id', 'notice_id', 'number', 'way', 'subscription_id', 'device', 'state'],
        ...['attempt_count', 'reason', 'at'],
      ],
      without: ['step', 'retry_at'],
    },
  ],
  speechFiles: [
    {
      table: 'stored_object',
      order: ['id'],
      columns: [
        ...['id', 'account_id', 'application_id', 'endpoint_id', 'service', 'kind', 'data_class'],
        ...['media_type', 'size_bytes', 'duration_ms', 'created_at', 'expires_at'],
      ],
    },
    {
      table: 'speech',
      order: ['id'],
      columns: [
        ...[
          'id',
          'account_id',
          'application_id',
          'endpoint_id',
          'state',
          'delivery',
          'format',
          'sample_rate_hz',
        ],
        ...['speech_order', 'voices', 'characters', 'words', 'is_cache_hit', 'object_id', 'duration_ms'],
        ...['failure', 'failure_detail', 'created_at', 'finished_at'],
      ],
      // How it is worked on.
      without: ['sound_key', 'concurrent_max', 'regions', 'attempt', 'lease_until'],
    },
  ],
  speechDetections: [
    {
      table: 'speech_detection_job',
      order: ['id'],
      columns: [
        ...['id', 'account_id', 'application_id', 'endpoint_id', 'kind', 'state', 'priority', 'job_order'],
        ...['upload_bytes', 'input_object_id', 'progress_percent', 'media', 'findings'],
        ...['failure', 'failure_detail', 'created_at', 'started_at', 'finished_at'],
      ],
      // How it is worked on.
      without: ['concurrent_max', 'regions', 'attempt', 'lease_until'],
    },
  ],
  transcodedFiles: [
    {
      table: 'transcoding_job',
      order: ['id'],
      columns: [
        ...['id', 'account_id', 'application_id', 'endpoint_id', 'purpose', 'state', 'priority', 'job_order'],
        ...['format', 'upload_bytes', 'input_object_id', 'object_id', 'progress_percent', 'media'],
        ...['failure', 'failure_detail', 'created_at', 'started_at', 'finished_at'],
      ],
      // How it is worked on.
      without: ['concurrent_max', 'regions', 'attempt', 'lease_until'],
    },
  ],
  webhookDeliveries: [
    {
      table: 'webhook_delivery',
      order: ['id'],
      columns: [
        ...['id', 'webhook_id', 'account_id', 'event_id', 'session_id', 'state', 'attempt_count'],
        ...['created_at', 'ended_at', 'replay_id'],
      ],
      without: [
        ...['position', 'session_sequence', 'round_attempt_count', 'next_attempt_at', 'claimed_until'],
        'batch_id',
      ],
    },
    {
      table: 'webhook_attempt',
      order: ['delivery_id', 'number', 'target'],
      columns: [
        ...['delivery_id', 'number', 'target', 'account_id', 'started_at', 'status', 'latency_ms', 'error'],
        ...['response', 'batch_id', 'url', 'request_headers', 'response_headers'],
      ],
      without: ['batch_place'],
    },
  ],
  triggerFirings: [
    {
      table: 'trigger_firing',
      order: ['id'],
      columns: [
        ...['id', 'trigger_id', 'window_start', 'account_id', 'target_id', 'value', 'limit_value', 'action'],
        ...['fired_at', 'state', 'outcome'],
      ],
      without: ['generation', 'attempt_count', 'next_attempt_at', 'progress'],
    },
  ],
  auditEntries: [
    {
      table: 'audit_entry',
      order: ['sequence'],
      columns: [
        ...['id', 'account_id', 'sequence', 'at', 'actor_id', 'actor_name', 'address', 'action', 'target'],
        ...['request_id', 'before', 'after', 'previous_hash', 'hash'],
        ...['erased_by', 'erased_hash'],
      ],
      // It names the accounts above (C1).
      without: ['account_path', 'actor_account_id'],
      doneBy: {
        names: ['actor_id', 'actor_name', 'address'],
        at: 'actor_account_id',
        texts: ['target', 'before', 'after'],
        path: 'account_path',
      },
    },
    { table: 'audit_head' },
    { table: 'audit_base' },
  ],
  mails: [
    {
      table: 'mail',
      order: ['id'],
      columns: [
        'id',
        'account_id',
        'recipient',
        'subject',
        'state',
        'attempt_count',
        'created_at',
        'sent_at',
        'error',
      ],
      without: ['body', 'next_at'],
    },
  ],
  signInRecords: [
    ...[
      ...['sign_in_session', 'sign_in_attempt', 'set_up_link', 'email_link', 'passkey_challenge'],
      ...['sso_attempt', 'saml_assertion'],
    ].map((table) => ({ table })),
  ],
  idempotencyAnswers: [{ table: 'idempotency_key' }],
  credentialUse: [
    {
      table: 'credential_revocation',
      order: ['prefix_id'],
      columns: ['account_id', 'prefix_id', 'key_id', 'revoked_at', 'expires_at'],
    },
    {
      table: 'credential_end',
      order: ['prefix_id', 'event', 'subject'],
      columns: ['account_id', 'prefix_id', 'event', 'subject', 'key_id', 'since', 'expires_at'],
      // Where the platform stands in looking at events.
      without: ['arrival', 'position'],
    },
    {
      table: 'credential_use',
      order: ['prefix_id', 'client_key', 'first_at'],
      columns: ['account_id', 'prefix_id', 'first_at', 'is_continuation'],
      // A hash under a key of the platform's.
      without: ['client_key'],
    },
    {
      table: 'credential_prefix',
      order: ['prefix_id', 'credential_id'],
      columns: ['account_id', 'prefix_id', 'credential_id'],
    },
  ],
  configuration: [
    {
      // While somebody is connected; then the row goes.
      table: 'endpoint_registration',
      order: ['identity', 'connection_id'],
      columns: [
        ...['account_id', 'identity', 'connection_id', 'device_id', 'device_name', 'device_kind'],
        ...['application_id', 'since'],
      ],
      without: ['node_id', 'boot', 'told_at'],
    },
    {
      table: 'identity_presence',
      order: ['identity'],
      columns: [
        ...['account_id', 'identity', 'is_online', 'last_seen_at', 'state', 'note', 'set_at', 'until'],
      ],
    },
    {
      table: 'account',
      ownedBy: 'id',
      order: ['id'],
      columns: [
        'id',
        'parent_id',
        'organisation_id',
        'name',
        'external_id',
        'state',
        'currency',
        'time_zone',
        'created_at',
        'is_test',
        'live_id',
      ],
      without: ['root_id', 'depth', 'test_plan_id'],
    },
    { table: 'account_closure' },
    // Who above keeps it suspended, and how many, is nothing that the account is told: its state is.
    { table: 'account_suspension' },
    {
      table: 'account_view',
      order: ['id'],
      columns: ['id', 'account_id', 'started_at', 'expires_at', 'ended_at'],
      // Who looked stands above, and is not this account's to know (C1).
      without: ['user_id', 'reason'],
    },
    {
      table: 'brand',
      order: ['account_id'],
      columns: [
        ...['account_id', 'name', 'accent', 'support_url', 'support_email', 'terms_url', 'privacy_url'],
        ...['sender_name', 'sender_address', 'main_host', 'turn_host', 'is_sign_up_open', 'changed_at'],
      ],
    },
    {
      table: 'brand_logo',
      order: ['theme'],
      columns: ['account_id', 'theme', 'hash', 'media_type', 'width_pixels', 'height_pixels'],
      // Served at an address made of the hash.
      without: ['bytes'],
    },
    {
      table: 'brand_host',
      order: ['host'],
      columns: ['id', 'account_id', 'host', 'created_at', 'proved_at'],
      without: ['token', 'missed_count', 'missed_since'],
    },
    {
      table: 'allow_list_entry',
      order: ['set_by', 'purpose', 'network'],
      // The same address is the same, whoever lists it.
      oneAbove: () => '0',
      columns: ['account_id', 'set_by', 'purpose', 'network', 'label', 'authenticates'],
    },
    {
      table: 'service_access',
      order: ['set_by', 'service'],
      // Off by anybody is off.
      oneAbove: (row) => `(${row}.state <> 'disabled')::int`,
      columns: [
        'account_id',
        'set_by',
        'service',
        'state',
        'uses',
        'sessions_per_day',
        'minutes_per_session',
        'changed_at',
      ],
    },
    { table: 'account_role', order: ['id'], columns: ['id', 'account_id', 'name', 'scopes', 'created_at'] },
    {
      table: 'sso_provider',
      order: ['id'],
      columns: [
        ...[
          'id',
          'account_id',
          'kind',
          'issuer',
          'client_id',
          'newcomer_role',
          'groups_claim',
          'group_roles',
        ],
        ...['trusts_email', 'saml', 'is_required', 'emergency_user_ids', 'changed_at'],
      ],
      without: ['told_of_end', 'client_secret', 'problem', 'problem_code', 'problem_at'],
    },
    // It authenticates: that there is one, the log of changes says.
    { table: 'scim_token' },
    // Of no use outside: a certificate is for the provider that knows it.
    { table: 'saml_key' },
    {
      table: 'sso_domain',
      order: ['id'],
      columns: ['id', 'account_id', 'domain', 'proved_at', 'created_at'],
      without: ['challenge', 'missed_count', 'missed_since'],
    },
    {
      table: 'endpoint',
      order: ['id'],
      columns: [
        'id',
        'account_id',
        'namespace',
        'identifier',
        'label',
        'application_id',
        'allocated_at',
        'rests_until',
      ],
      without: ['is_test'],
    },
    {
      table: 'channel',
      order: ['name'],
      columns: ['account_id', 'name', 'epoch', 'head_offset', 'created_at', 'published_at'],
    },
    {
      table: 'notice_subscription',
      order: ['id'],
      columns: ['id', 'account_id', 'endpoint_id', 'way', 'device', 'label', 'created_at', 'used_at'],
      // Sealed, and what of it makes it known.
      without: ['target', 'target_tag'],
    },
    {
      table: 'notice_way',
      order: ['way'],
      columns: ['account_id', 'way', 'settings', 'changed_at'],
      without: ['secret'],
    },
    {
      table: 'channel_namespace',
      order: ['name'],
      columns: ['account_id', 'name', 'settings', 'changed_at'],
    },
    {
      table: 'conference_room',
      order: ['name'],
      columns: ['account_id', 'name', 'settings', 'created_at', 'changed_at'],
    },
    {
      table: 'logic_mapping',
      order: ['id'],
      columns: [
        'id',
        'account_id',
        'application_id',
        'endpoint_id',
        'kind',
        'url',
        'fallback_url',
        'created_at',
      ],
    },
    // It signs requests: that there is one, the log of changes says.
    { table: 'logic_secret' },
    {
      table: 'endpoint_transfer',
      ownedBy: 'from_account_id',
      order: ['id'],
      columns: ['id', 'endpoint_id', 'identifier', 'note', 'state', 'created_at', 'expires_at', 'ended_at'],
      without: ['from_account_id', 'to_account_id'],
    },
    {
      table: 'organisation',
      // Accounts below carry it, and it is not theirs to tell (C1).
      through: 'JOIN account o ON o.organisation_id = t.id AND o.depth = 1',
      ownedBy: 'o.id',
      order: ['id'],
      columns: ['id', 'name', 'created_at'],
    },
    {
      table: 'application',
      order: ['id'],
      columns: ['id', 'account_id', 'name', 'instance_types', 'created_at'],
    },
    {
      table: 'api_key',
      order: ['id'],
      columns: [
        ...[
          'id',
          'account_id',
          'name',
          'display',
          'mode',
          'scopes',
          'created_by',
          'created_at',
          'expires_at',
        ],
        ...['last_used_at', 'revoked_at', 'replaced_by'],
      ],
      without: ['api_hash', 'mint_ciphertext'],
    },
    {
      table: 'service_config',
      order: ['set_by', 'application_id', 'instance_type', 'endpoint_id', 'service'],
      oneAbove: lastSaid,
      wordAbove: { column: 'config', kind: 'config' },
      columns: [
        'account_id',
        'set_by',
        'application_id',
        'instance_type',
        'endpoint_id',
        'service',
        'config',
        'updated_at',
      ],
    },
    {
      table: 'policy',
      order: ['by', 'set_by', 'application_id', 'instance_type', 'region', 'endpoint'],
      columns: [
        'account_id',
        'by',
        'set_by',
        'application_id',
        'instance_type',
        'region',
        'endpoint',
        'word',
        'updated_at',
      ],
    },
    { table: 'policy_plan', order: ['id'], columns: ['id', 'account_id', 'name', 'word', 'created_at'] },
    // It is an account above's to say.
    { table: 'account_plan' },
    {
      table: 'retention_word',
      order: ['set_by'],
      oneAbove: lastSaid,
      wordAbove: { column: 'word', kind: 'retention' },
      columns: ['account_id', 'set_by', 'word', 'updated_at'],
    },
    {
      table: 'webhook',
      order: ['id'],
      columns: [
        ...[
          'id',
          'account_id',
          'url',
          'fallback_url',
          'description',
          'event_types',
          'scope',
          'application_id',
          'instance_type',
          'endpoint_id',
          'service',
          'trigger_id',
        ],
        ...[
          'batch_events_max',
          'batch_wait_ms',
          'state',
          'disabled_reason',
          'disabled_at',
          'created_at',
          'removed_at',
        ],
      ],
      without: [
        'secret_ciphertext',
        'previous_ciphertext',
        'previous_ends_at',
        'mail_due',
        'failing_mail_at',
        'disabled_mail_at',
      ],
    },
    { table: 'webhook_lane' },
    {
      table: 'usage_trigger',
      order: ['id'],
      columns: [
        ...['id', 'account_id', 'name', 'target_id', 'with_descendants', 'application_id', 'endpoint_id'],
        ...[
          'credential_id',
          'session_id',
          'counts',
          'subject',
          'filter',
          'condition',
          'limit_value',
          'period',
        ],
        ...[
          'seconds',
          'action',
          'is_enabled',
          'is_shown',
          'time_zone',
          'counting_from',
          'created_at',
          'removed_at',
        ],
      ],
      without: ['generation'],
    },
    {
      table: 'trigger_counter',
      order: ['trigger_id', 'window_start'],
      columns: ['trigger_id', 'window_start', 'account_id', 'value'],
    },
    {
      table: 'trigger_hold',
      order: ['trigger_id'],
      columns: [
        'trigger_id',
        'account_id',
        'target_id',
        'application_id',
        'service',
        'config',
        'word',
        'until',
      ],
      without: ['is_shown'],
    },
  ],
  team: [
    {
      table: 'role_grant',
      order: ['user_id'],
      columns: [
        'user_id',
        'account_id',
        'role',
        'custom_role_id',
        'created_at',
        'accepted_at',
        'invited_name',
        'is_provisioned',
      ],
    },
    {
      table: 'scim_user',
      order: ['user_id'],
      columns: ['account_id', 'user_id', 'external_id', 'is_active', 'created_at', 'changed_at'],
      without: ['version'],
    },
    {
      table: 'scim_group',
      order: ['id'],
      columns: ['id', 'account_id', 'display_name', 'external_id', 'created_at', 'changed_at'],
      without: ['version'],
    },
    {
      table: 'scim_group_member',
      order: ['group_id', 'user_id'],
      columns: ['account_id', 'group_id', 'user_id'],
    },
    {
      table: 'sso_identity',
      order: ['issuer', 'subject'],
      columns: ['account_id', 'issuer', 'subject', 'user_id', 'created_at', 'last_used_at'],
    },
    {
      table: 'app_user',
      // What somebody is called is told once they took their role.
      through: 'JOIN role_grant g ON g.user_id = t.id AND g.accepted_at IS NOT NULL',
      ownedBy: 'g.account_id',
      order: ['id'],
      columns: ['id', 'email', 'name', 'email_verified_at', 'created_at'],
      without: ['password_hash'],
    },
    ...['second_factor', 'recovery_code', 'passkey'].map((table) => ({ table })),
  ],
  usageTotals: [
    {
      table: 'usage_minute',
      order: ['minute', 'meter', 'dimension_set_id', 'shard'],
      columns: ['account_id', 'minute', 'meter', 'dimension_set_id', 'sum', 'n', 'self_sum', 'self_n'],
      without: ['shard'],
    },
    {
      table: 'usage_session',
      order: ['session_id', 'credential_id', 'application_id', 'endpoint_id', 'meter', 'dimension_set_id'],
      columns: [
        ...['account_id', 'session_id', 'credential_id', 'application_id', 'endpoint_id', 'meter'],
        ...['dimension_set_id', 'sum', 'first_at', 'last_at'],
      ],
    },
    {
      table: 'usage_closed',
      order: ['day', 'meter', 'dimension_set_id'],
      columns: ['account_id', 'day', 'meter', 'dimension_set_id', 'sum', 'n'],
    },
    // What the two views above are made of, what they come to in longer spans, and what says which records were counted.
    ...['usage_minute_total', 'usage_session_total', 'usage_source', 'usage_layout'].map((table) => ({
      table,
    })),
    ...['usage_span_total', 'usage_node_mark'].map((table) => ({ table })),
    { table: 'usage_dimension_set' },
    { table: 'usage_sequence_block' },
  ],
  money: [
    {
      table: 'price',
      order: ['id'],
      columns: [
        ...['id', 'account_id', 'child_id', 'service', 'meter', 'dimensions', 'amount', 'per', 'currency'],
        ...['terms', 'effective_from', 'effective_to', 'created_at'],
      ],
    },
    {
      table: 'ledger_entry',
      order: ['period', 'transaction_id', 'book'],
      columns: ['transaction_id', 'account_id', 'book', 'counterparty_id', 'period', 'currency', 'amount'],
    },
    { table: 'ledger_transaction' },
    { table: 'ledger_position' },
    {
      table: 'billing_party',
      order: ['account_id'],
      columns: [
        ...['account_id', 'legal_name', 'address_lines', 'country', 'tax_id', 'email', 'number_prefix'],
        ...['payment_days', 'tax_name', 'tax_basis_points', 'tax_rules', 'changed_at'],
      ],
    },
    {
      table: 'document',
      order: ['id'],
      columns: [
        ...['id', 'account_id', 'seller_id', 'period', 'kind', 'sequence', 'number', 'currency'],
        ...['total_minor_units', 'by_period', 'corrects_id', 'issued_at', 'content'],
      ],
      soldBy: { at: 'seller_id', content: 'content' },
    },
    {
      table: 'spending_limit',
      order: ['id'],
      columns: [
        ...['id', 'account_id', 'per', 'amount', 'shares_percent', 'action', 'bits_per_second_max', 'since'],
        ...['spent_before', 'reached_at', 'reached_until'],
      ],
      // Who above set it is nothing that the account is told.
      without: ['set_by_id'],
    },
    {
      table: 'spending_notice',
      order: ['limit_id', 'window_start', 'share_percent'],
      columns: ['limit_id', 'window_start', 'share_percent', 'account_id', 'spent', 'at'],
    },
    {
      table: 'prepaid_account',
      order: ['account_id'],
      columns: [
        ...['account_id', 'is_prepaid', 'since_period', 'overdraft', 'top_up_below', 'top_up_minor_units'],
        'changed_at',
      ],
    },
    {
      table: 'credit',
      order: ['id'],
      columns: [
        ...['id', 'account_id', 'top_up_id', 'amount', 'left_amount', 'priority', 'services', 'reason'],
        ...['expires_at', 'created_at'],
      ],
      without: ['given_by_id'],
    },
    {
      table: 'top_up',
      order: ['id'],
      columns: ['id', 'account_id', 'minor_units', 'is_automatic', 'asked_at'],
    },
    // Who above keeps it prepaid is nothing that the account is told: that it is, and how far below nothing it may go.
    { table: 'prepaid_word' },
    // Of several above one alone would say how many they are: what they come to is told by `creditLines.get`.
    { table: 'credit_line' },
    // What use comes to as it is rated, what of a balance paid for it, and what running sessions hold.
    ...['spend_total', 'prepaid_draw', 'prepaid_month', 'prepaid_hold'].map((table) => ({ table })),
    // What documents are made of and numbered by, and how they stand at whatever collects.
    ...[
      'closed_statement',
      'document_sequence',
      'collection',
      'rail_party',
      'test_clock',
      'test_clock_step',
      'test_account_before',
    ].map((table) => ({
      table,
    })),
    {
      table: 'reminder_terms',
      order: ['account_id', 'child_id'],
      columns: ['account_id', 'child_id', 'before_days', 'after_days', 'last_action', 'changed_at'],
    },
    {
      table: 'own_collecting',
      order: ['account_id', 'from_period'],
      columns: ['account_id', 'from_period', 'to_period'],
    },
    {
      table: 'compared_months',
      order: ['account_id', 'from_period'],
      columns: ['account_id', 'from_period', 'to_period'],
    },
    // What another asked for is nothing of the account's own: its seller said it.
    { table: 'compared_figure' },
    // What a seller that collects itself asks with, and as whom its customers are known there.
    ...['own_rail', 'own_rail_party'].map((table) => ({ table })),
    // Which reminders were sent, what follows on the last until it is paid, and what of use was told to whatever collects.
    ...['reminder', 'overdue_account', 'pushed_usage'].map((table) => ({ table })),
  ],
  privacy: [{ table: 'account_export' }, { table: 'account_export_part' }, { table: 'erasure' }],
  operation: [
    ...[
      '_prisma_migrations',
      'bus_message',
      'event_place',
      'job_run',
      'node',
      'node_join_token',
      'node_software',
    ],
    ...[
      'policy_day_count',
      'policy_hold',
      'request_rate',
      'usage_lag',
      'audit_check',
      'retention_round',
      'billing_closing',
      'billing_verification',
      'billing_recount',
      'billing_recounted_use',
      'billing_recounted_session',
      'rail_notice',
      'stored_bytes',
    ],
  ].map((table) => ({ table })),
} as const satisfies Readonly<Record<DataClassName, readonly ClassTable[]>>;

/** The table as what it is of. */
export const tablesOf = (name: DataClassName): readonly ClassTable[] => classTables[name];
