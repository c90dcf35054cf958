-- What a review found. Roles begin and end when the day does on the clocks of the city: every
-- policy asks this, so the plan is kept. Without a zone that somebody set: UTC.
CREATE OR REPLACE FUNCTION auth.today() RETURNS date
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (now() AT TIME ZONE coalesce(
    (SELECT s.value ->> 'name' FROM public.settings s WHERE s.key = 'timezone'), 'UTC'))::date;
END $$;

-- A zone that the database does not know would close every door.
CREATE FUNCTION settings_know_zone() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM now() AT TIME ZONE (NEW.value ->> 'name');
  RETURN NEW;
END $$;
CREATE TRIGGER know_zone BEFORE INSERT OR UPDATE ON settings
FOR EACH ROW WHEN (NEW.key = 'timezone') EXECUTE FUNCTION settings_know_zone();

CREATE OR REPLACE FUNCTION auth.scopes(wanted_data text, wanted_action text) RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  today date := auth.today();
BEGIN
  RETURN (
    SELECT coalesce(array_agg(DISTINCT prefix COLLATE "C"), '{}')
    FROM auth.sessions s
    JOIN auth.accounts a ON a.id = s.account_id
    JOIN auth.grants g ON g.account_id = a.id
    JOIN auth.roles r ON r.code = g.role
    JOIN auth.permissions p
      ON p.role = g.role AND p.data = wanted_data AND p.action = wanted_action
    CROSS JOIN LATERAL unnest(g.prefixes) AS prefix
    WHERE s.token_hash = sha256(convert_to(current_setting('gridmap.token', true), 'UTF8'))
      AND s.ended_at IS NULL AND now() < s.expires_at
      AND (s.idle IS NULL OR now() < s.seen_at + s.idle)
      AND a.locked_at IS NULL
      AND g.valid_from <= today AND (g.valid_to IS NULL OR today < g.valid_to)
      AND (s.second_factor OR NOT r.needs_second_factor));
END $$;

CREATE OR REPLACE FUNCTION audit_fill_in() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  own_name text;
  today date := auth.today();
BEGIN
  NEW.at := clock_timestamp();
  NEW.xid := pg_current_xact_id();
  SELECT s.account_id, a.name,
         coalesce(array_agg(DISTINCT g.role COLLATE "C") FILTER (WHERE g.role IS NOT NULL), '{}'),
         coalesce(array_agg(DISTINCT prefix COLLATE "C") FILTER (WHERE prefix IS NOT NULL), '{}')
  INTO NEW.account_id, own_name, NEW.roles, NEW.scope
  FROM auth.sessions s
  JOIN auth.accounts a ON a.id = s.account_id
  LEFT JOIN (auth.grants g JOIN auth.roles r ON r.code = g.role)
    ON g.account_id = s.account_id AND (s.second_factor OR NOT r.needs_second_factor)
    AND g.valid_from <= today AND (g.valid_to IS NULL OR today < g.valid_to)
  LEFT JOIN LATERAL unnest(g.prefixes) AS prefix ON true
  WHERE s.token_hash = sha256(convert_to(current_setting('gridmap.token', true), 'UTF8'))
    AND s.ended_at IS NULL AND now() < s.expires_at
    AND (s.idle IS NULL OR now() < s.seen_at + s.idle)
    AND a.locked_at IS NULL
  GROUP BY s.account_id, a.name;
  IF NOT FOUND THEN
    NEW.account_id := NULL;
    NEW.roles := '{}';
    NEW.scope := '{}';
    NEW.actor := left(NEW.actor, 200);
  ELSE
    NEW.actor := own_name;
  END IF;
  RETURN NEW;
END $$;

-- Nobody hands out more room than they have themselves, and nobody becomes the system. Auditors
-- are made by the system alone: an administrator could otherwise watch over the own work.
CREATE OR REPLACE FUNCTION auth.grant_role(
  who int, new_role text, wanted text[], first_day date, day_after date, instead_of int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  made int;
BEGIN
  IF new_role = 'system' OR (new_role = 'auditor' AND NOT auth.is_system()) OR NOT coalesce((
    SELECT bool_and(prefix ^@ ANY (auth.scopes('account', 'add'))) FROM unnest(wanted) AS prefix), false)
  THEN
    RAISE EXCEPTION 'this role is not for this session to give' USING ERRCODE = 'insufficient_privilege';
  END IF;
  INSERT INTO auth.grants (account_id, role, prefixes, valid_from, valid_to, granted_by, stands_in_for)
  SELECT who, new_role, wanted, first_day, day_after, a.name, instead_of
  FROM auth.accounts a WHERE a.id = auth.account()
  RETURNING id INTO made;
  RETURN made;
END $$;

-- Ends a role of an account with the day before, never later than it would have ended. One that
-- did not hold on any day goes; the record keeps both.
-- squawk-ignore ban-drop-function
DROP FUNCTION auth.end_grant(int, date);
CREATE FUNCTION auth.end_grant(who int, which int, day_after date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found_grant auth.grants;
BEGIN
  SELECT * INTO found_grant FROM auth.grants WHERE id = which AND account_id = who FOR UPDATE;
  IF found_grant.id IS NULL OR NOT auth.lives(found_grant) OR NOT auth.sees_account(who) THEN
    RETURN false;
  END IF;
  IF who = auth.account()
     OR NOT coalesce((SELECT bool_and(prefix ^@ ANY (auth.scopes('account', 'change')))
                      FROM unnest(found_grant.prefixes) AS prefix), true)
     OR (found_grant.role = 'auditor' AND NOT auth.is_system()) THEN
    RAISE EXCEPTION 'this role is not for this session to end' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF day_after <= found_grant.valid_from THEN
    DELETE FROM auth.grants WHERE id = which;
  ELSE
    UPDATE auth.grants SET valid_to = least(valid_to, day_after) WHERE id = which;
  END IF;
  RETURN true;
END $$;
REVOKE ALL ON FUNCTION auth.end_grant(int, int, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION auth.end_grant(int, int, date) TO gridmap_app;

-- Proofs are for these very codes: SQL that overheard one cannot put its own in their place.
CREATE FUNCTION auth.digest_of(hashes bytea[]) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT encode(sha256(convert_to(coalesce(
    (SELECT string_agg(encode(hash, 'hex'), ',' ORDER BY n)
     FROM unnest(hashes) WITH ORDINALITY AS u (hash, n)), ''), 'UTF8')), 'hex')
$$;
REVOKE ALL ON FUNCTION auth.digest_of(bytea[]) FROM PUBLIC;

CREATE OR REPLACE FUNCTION auth.confirm_totp(step bigint, code_hashes bytea[], issued bigint, proof bytea)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  who int := auth.account();
BEGIN
  PERFORM auth.require_fresh_proof(
    concat_ws('|', 'confirm totp', who, step, auth.digest_of(code_hashes)), issued, proof);
  UPDATE auth.accounts SET totp_secret = totp_pending, totp_pending = NULL,
    totp_confirmed_at = now(), totp_last_step = step
  WHERE id = who AND totp_pending IS NOT NULL;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  DELETE FROM auth.recovery_codes WHERE account_id = who;
  INSERT INTO auth.recovery_codes (account_id, code_hash) SELECT who, unnest(code_hashes);
  RETURN true;
END $$;

CREATE OR REPLACE FUNCTION auth.new_recovery_codes(code_hashes bytea[], issued bigint, proof bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM auth.require_fresh_proof(
    concat_ws('|', 'new codes', auth.account(), auth.digest_of(code_hashes)), issued, proof);
  DELETE FROM auth.recovery_codes WHERE account_id = auth.account();
  INSERT INTO auth.recovery_codes (account_id, code_hash)
  SELECT a.id, hash FROM auth.accounts a, unnest(code_hashes) AS hash
  WHERE a.id = auth.account() AND a.totp_confirmed_at IS NOT NULL;
END $$;

-- A job says with its arguments what somebody works on. Those of others are seen and called off by
-- whoever has work in the background in the whole city.
ALTER POLICY see ON jobs
  USING (account_id = (SELECT auth.account()) OR '' = ANY ((SELECT auth.scopes('job', 'see'))::text[]));
ALTER POLICY change ON jobs
  USING (account_id = (SELECT auth.account()) OR '' = ANY ((SELECT auth.scopes('job', 'change'))::text[]));
ALTER POLICY erase ON jobs
  USING ('' = ANY ((SELECT auth.scopes('job', 'erase'))::text[]));
