-- What is otherwise at the rail than it was asked for is kept with how a document stands, and found by whoever collects it (BIL-6).
CREATE INDEX collection_with_differences ON collection (document_id) WHERE state ? 'differences';
-- A rail tells of a transfer by its own id.
CREATE INDEX collection_transfers ON collection USING gin ((state -> 'transfers') jsonb_path_ops) WHERE kind = 'payout';
