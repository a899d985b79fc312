-- Which plan an account was given is nothing that the account and those below its owner are told (PRD-2): an event says that it
-- was, as those of now do.
UPDATE platform_event e SET data = (e.data - 'planId') || jsonb_build_object('hasPlan', e.data ? 'planId')
WHERE e.type = 'policy.plan.assigned' AND NOT e.data ? 'hasPlan';
