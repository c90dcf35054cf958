-- Signing in. What happens before there is a token, and whatever touches a password or a second
-- factor, needs a proof made with the server's key, fresh and for these very arguments. What an
-- account may do with others is decided here, by its token.
ALTER TABLE auth.accounts ADD COLUMN totp_pending bytea;
ALTER TABLE auth.accounts ADD COLUMN language text COLLATE "C";
COMMENT ON COLUMN auth.accounts.totp_pending IS 'Encrypted; until its owner has shown a first code';

CREATE TABLE auth.attempts (
  key text COLLATE "C" PRIMARY KEY,
  times timestamptz[] NOT NULL DEFAULT '{}',
  touched_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ix_attempts_touched_at ON auth.attempts (touched_at);
COMMENT ON TABLE auth.attempts IS 'Log-ins of the last minutes by account and by address, both as keyed hashes';

CREATE TABLE auth.recovery_codes (
  account_id int NOT NULL REFERENCES auth.accounts,
  code_hash bytea NOT NULL,
  used_at timestamptz,
  PRIMARY KEY (account_id, code_hash)
);

DO $$
DECLARE
  kept text;
BEGIN
  FOREACH kept IN ARRAY ARRAY['attempts', 'recovery_codes'] LOOP
    EXECUTE format('ALTER TABLE auth.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', kept);
    EXECUTE format('CREATE POLICY owner ON auth.%I TO gridmap_owner USING (true) WITH CHECK (true)', kept);
  END LOOP;
END $$;

-- Five minutes, so that clocks of two machines may differ a little.
CREATE FUNCTION auth.require_fresh_proof(message text, issued bigint, proof bytea) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM auth.require_proof(concat_ws('|', message, issued), proof);
  IF abs(extract(epoch FROM clock_timestamp()) - issued) > 300 THEN
    RAISE EXCEPTION 'this proof is too old' USING ERRCODE = 'insufficient_privilege';
  END IF;
END $$;

-- -- Limits that hold over all workers -------------------------------------------------------
-- Counts one attempt, unless there were `most` in the last `seconds`. Returns 0, or how many
-- seconds to wait. The row is locked meanwhile: of two at once, the second sees the first.
CREATE FUNCTION auth.count_attempt(whose text, most int, seconds int, issued bigint, proof bytea)
RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  recent timestamptz[];
  span interval := seconds * interval '1 second';
  moment timestamptz;
BEGIN
  PERFORM auth.require_fresh_proof(concat_ws('|', 'attempt', whose, most, seconds), issued, proof);
  DELETE FROM auth.attempts WHERE key IN (
    SELECT a.key FROM auth.attempts a WHERE a.touched_at < clock_timestamp() - interval '1 hour'
    LIMIT 20 FOR UPDATE SKIP LOCKED);
  INSERT INTO auth.attempts AS a (key) VALUES (whose)
  ON CONFLICT (key) DO UPDATE SET touched_at = clock_timestamp()
  RETURNING a.times INTO recent;
  moment := clock_timestamp();
  recent := array(SELECT t FROM unnest(recent) AS t WHERE t > moment - span ORDER BY t);
  IF cardinality(recent) >= most THEN
    RETURN greatest(1, ceil(extract(epoch FROM recent[cardinality(recent) - most + 1] + span - moment)));
  END IF;
  UPDATE auth.attempts a SET times = recent || moment WHERE a.key = whose;
  RETURN 0;
END $$;

-- Takes the newest attempt back: an office behind one address signs in as often as it likes.
CREATE FUNCTION auth.forget_attempt(whose text, issued bigint, proof bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM auth.require_fresh_proof(concat_ws('|', 'forget', whose), issued, proof);
  UPDATE auth.attempts SET times = times[1:cardinality(times) - 1] WHERE key = whose;
END $$;

-- -- Signing in ------------------------------------------------------------------------------
-- What is compared outside: `way` says by what the account is found (id, name, external).
CREATE FUNCTION auth.account_to_sign_in(way text, value text, issued bigint, proof bytea) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM auth.require_fresh_proof(concat_ws('|', 'sign in', way, value), issued, proof);
  RETURN (
    SELECT jsonb_build_object(
      'id', a.id, 'name', a.name, 'password_hash', a.password_hash,
      'locked', a.locked_at IS NOT NULL, 'language', a.language,
      'totp_secret', encode(CASE WHEN a.totp_confirmed_at IS NOT NULL THEN a.totp_secret END, 'hex'),
      'totp_pending', encode(a.totp_pending, 'hex'), 'totp_last_step', a.totp_last_step,
      'codes_left', (SELECT count(*) FROM auth.recovery_codes c WHERE c.account_id = a.id AND used_at IS NULL))
    FROM auth.accounts a
    WHERE a.kind = 'person' AND CASE way
      WHEN 'id' THEN a.id::text = value WHEN 'name' THEN a.name = value
      WHEN 'external' THEN a.external_id = value ELSE false END);
END $$;

-- A step of the clock counts once: a code that somebody saw over the shoulder is worth nothing.
CREATE FUNCTION auth.use_totp_step(who int, step bigint, issued bigint, proof bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM auth.require_fresh_proof(concat_ws('|', 'step', who, step), issued, proof);
  UPDATE auth.accounts SET totp_last_step = step
  WHERE id = who AND totp_confirmed_at IS NOT NULL AND coalesce(totp_last_step, -1) < step;
  RETURN FOUND;
END $$;

CREATE FUNCTION auth.use_recovery_code(who int, hash bytea, issued bigint, proof bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM auth.require_fresh_proof(concat_ws('|', 'code', who, encode(hash, 'hex')), issued, proof);
  UPDATE auth.recovery_codes SET used_at = now()
  WHERE account_id = who AND code_hash = hash AND used_at IS NULL;
  RETURN FOUND;
END $$;

-- A new hash of the same password, when the parameters of hashing have changed.
CREATE FUNCTION auth.rehash_password(who int, old_hash text, new_hash text, issued bigint, proof bytea)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM auth.require_fresh_proof(concat_ws('|', 'rehash', who, old_hash, new_hash), issued, proof);
  UPDATE auth.accounts SET password_hash = new_hash WHERE id = who AND password_hash = old_hash;
END $$;

-- No browser's session without the second factor where the account has one; nobody but the
-- system gives a role to themselves.
CREATE FUNCTION auth.guard_session() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NEW.kind = 'browser' AND NOT NEW.second_factor AND EXISTS (
    SELECT FROM auth.accounts a WHERE a.id = NEW.account_id AND a.totp_confirmed_at IS NOT NULL)
  THEN
    RAISE EXCEPTION 'this account has a second factor' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER second_factor BEFORE INSERT ON auth.sessions
FOR EACH ROW EXECUTE FUNCTION auth.guard_session();

CREATE FUNCTION auth.guard_grant() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NEW.account_id = auth.account() THEN
    RAISE EXCEPTION 'nobody gives a role to themselves' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER not_oneself BEFORE INSERT ON auth.grants
FOR EACH ROW EXECUTE FUNCTION auth.guard_grant();

CREATE FUNCTION auth.has_people() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM auth.accounts WHERE kind = 'person' AND
                 (password_hash IS NOT NULL OR external_id IS NOT NULL))
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA auth FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  auth.count_attempt(text, int, int, bigint, bytea), auth.forget_attempt(text, bigint, bytea),
  auth.account_to_sign_in(text, text, bigint, bytea),
  auth.use_totp_step(int, bigint, bigint, bytea), auth.use_recovery_code(int, bytea, bigint, bytea),
  auth.rehash_password(int, text, text, bigint, bytea), auth.has_people()
TO gridmap_app;
