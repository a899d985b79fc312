-- What orders about a running session hold: that its media is held, the limits that were set for the rest of it, and what its legs
-- may not send. Each is the latest line of the log that says it (LIV-1).
ALTER TABLE session
  ADD COLUMN paused_at timestamptz(3),
  ADD COLUMN pause_sequence integer NOT NULL DEFAULT 0,
  ADD COLUMN ends_at timestamptz(3),
  ADD COLUMN bits_per_second_max bigint,
  ADD COLUMN limits_sequence integer NOT NULL DEFAULT 0;
ALTER TABLE session_leg
  ADD COLUMN muted_audio boolean NOT NULL DEFAULT false,
  ADD COLUMN muted_video boolean NOT NULL DEFAULT false,
  ADD COLUMN muted_screen boolean NOT NULL DEFAULT false,
  ADD COLUMN muted_sequence integer NOT NULL DEFAULT 0;
