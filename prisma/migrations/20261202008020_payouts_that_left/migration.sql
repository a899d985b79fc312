-- A payout left at once where no invoice stood behind it, and all of it where less did than it comes to. What left before is not
-- asked back now: it counts as paid for, unless something of it was lost since.
UPDATE collection SET state = jsonb_set(state, '{backing}', jsonb_build_object(
    'weight', jsonb_build_object('bigint', greatest(sent.weight, sent.amount)::text),
    'paid', jsonb_build_object('bigint', sent.amount::text),
    'lost', jsonb_build_object('bigint', '0')))
FROM (
  SELECT c.document_id, (c.state #>> '{backing,weight,bigint}')::numeric AS weight,
    (SELECT coalesce(sum((t #>> '{minorUnits,bigint}')::numeric - (t #>> '{reversedMinorUnits,bigint}')::numeric), 0)
      FROM jsonb_array_elements(c.state -> 'transfers') AS t)
    -- Nano units of a minor unit (ISO 4217).
    * CASE WHEN c.state ->> 'currency' IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'VND', 'VUV',
          'XAF', 'XOF', 'XPF') THEN 1000000000
        WHEN c.state ->> 'currency' IN ('BHD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000000
        ELSE 10000000 END AS amount
  FROM collection c WHERE c.kind = 'payout' AND c.state #>> '{backing,lost,bigint}' = '0') AS sent
WHERE sent.document_id = collection.document_id
  AND sent.amount > (collection.state #>> '{backing,paid,bigint}')::numeric;
