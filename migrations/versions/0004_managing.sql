-- Own account and accounts of others. Whose work it is, is read from the grants that hold today
-- or will: an account is seen by whoever may see accounts in a part of its scope, and managed by
-- whoever may change accounts in all of it. Auditors are managed by the system alone: those whom
-- they watch cannot become them.
CREATE FUNCTION auth.lives(g auth.grants) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT g.valid_to IS NULL OR auth.today() < g.valid_to
$$;

CREATE FUNCTION auth.is_system() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce((auth.session_of_token()).kind = 'system', false)
$$;

CREATE FUNCTION auth.sees_account(who int) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH mine AS (SELECT auth.scopes('account', 'see') AS prefixes)
  SELECT prefixes <> '{}' AND (
    NOT EXISTS (SELECT FROM auth.grants g WHERE g.account_id = who AND auth.lives(g)
                AND g.prefixes <> '{}')
    OR EXISTS (SELECT FROM auth.grants g, unnest(g.prefixes) AS prefix
               WHERE g.account_id = who AND auth.lives(g) AND prefix ^@ ANY (mine.prefixes)))
  FROM mine
$$;

CREATE FUNCTION auth.manages_account(who int) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH mine AS (SELECT auth.scopes('account', 'change') AS prefixes)
  SELECT prefixes <> '{}' AND who IS DISTINCT FROM auth.account()
    AND EXISTS (SELECT FROM auth.accounts a WHERE a.id = who AND a.kind = 'person')
    AND NOT EXISTS (SELECT FROM auth.grants g, unnest(g.prefixes) AS prefix
                    WHERE g.account_id = who AND auth.lives(g) AND NOT prefix ^@ ANY (mine.prefixes))
    AND (auth.is_system() OR NOT EXISTS (
      SELECT FROM auth.grants g WHERE g.account_id = who AND auth.lives(g) AND g.role = 'auditor'))
  FROM mine
$$;

CREATE FUNCTION auth.require_own_or_managed(who int) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF who IS DISTINCT FROM auth.account() AND NOT auth.manages_account(who) THEN
    RAISE EXCEPTION 'this account is not for this session' USING ERRCODE = 'insufficient_privilege';
  END IF;
END $$;

-- -- Passwords and second factors ------------------------------------------------------------
CREATE FUNCTION auth.set_password(who int, new_hash text, must_change boolean, issued bigint, proof bytea)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM auth.require_fresh_proof(
    concat_ws('|', 'password', who, new_hash, must_change::int), issued, proof);
  PERFORM auth.require_own_or_managed(who);
  UPDATE auth.accounts SET password_hash = new_hash, password_changed_at = now(),
    must_change_password = must_change
  WHERE id = who AND kind = 'person';
  -- whoever knew the old one goes; programs stay when people change their own
  UPDATE auth.sessions SET ended_at = now()
  WHERE account_id = who AND ended_at IS NULL AND id IS DISTINCT FROM (auth.session_of_token()).id
    AND (kind = 'browser' OR who IS DISTINCT FROM auth.account());
END $$;

CREATE FUNCTION auth.begin_totp(secret bytea, issued bigint, proof bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM auth.require_fresh_proof(
    concat_ws('|', 'begin totp', auth.account(), encode(secret, 'hex')), issued, proof);
  UPDATE auth.accounts SET totp_pending = secret WHERE id = auth.account();
END $$;

CREATE FUNCTION auth.confirm_totp(step bigint, code_hashes bytea[], issued bigint, proof bytea)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  who int := auth.account();
BEGIN
  PERFORM auth.require_fresh_proof(concat_ws('|', 'confirm totp', who, step), issued, proof);
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

CREATE FUNCTION auth.new_recovery_codes(code_hashes bytea[], issued bigint, proof bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM auth.require_fresh_proof(concat_ws('|', 'new codes', auth.account()), issued, proof);
  DELETE FROM auth.recovery_codes WHERE account_id = auth.account();
  INSERT INTO auth.recovery_codes (account_id, code_hash)
  SELECT a.id, hash FROM auth.accounts a, unnest(code_hashes) AS hash
  WHERE a.id = auth.account() AND a.totp_confirmed_at IS NOT NULL;
END $$;

CREATE FUNCTION auth.remove_totp(who int, issued bigint, proof bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM auth.require_fresh_proof(concat_ws('|', 'remove totp', who), issued, proof);
  PERFORM auth.require_own_or_managed(who);
  DELETE FROM auth.recovery_codes WHERE account_id = who;
  UPDATE auth.accounts SET totp_secret = NULL, totp_pending = NULL, totp_confirmed_at = NULL,
    totp_last_step = NULL WHERE id = who;
  UPDATE auth.sessions SET second_factor = false WHERE account_id = who AND kind = 'browser';
END $$;

CREATE FUNCTION auth.set_language(tongue text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE auth.accounts SET language = tongue WHERE id = auth.account()
$$;

-- -- Sessions --------------------------------------------------------------------------------
CREATE FUNCTION auth.sessions_of(who int) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object(
    'id', s.id, 'kind', s.kind, 'opened_at', s.opened_at, 'seen_at', s.seen_at,
    'expires_at', s.expires_at, 'second_factor', s.second_factor, 'address', s.address,
    'agent', s.agent, 'own', s.id = (auth.session_of_token()).id) ORDER BY s.seen_at DESC, s.id DESC), '[]')
  FROM auth.sessions s
  WHERE s.account_id = who AND (who = auth.account() OR auth.sees_account(who))
    AND s.ended_at IS NULL AND now() < s.expires_at AND (s.idle IS NULL OR now() < s.seen_at + s.idle)
$$;

CREATE FUNCTION auth.end_session_of(who int, which bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM auth.require_own_or_managed(who);
  UPDATE auth.sessions SET ended_at = now() WHERE id = which AND account_id = who AND ended_at IS NULL;
  RETURN FOUND;
END $$;

-- All of an account but the one that asks.
CREATE FUNCTION auth.end_sessions_of(who int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  ended int;
BEGIN
  PERFORM auth.require_own_or_managed(who);
  UPDATE auth.sessions SET ended_at = now()
  WHERE account_id = who AND ended_at IS NULL AND id IS DISTINCT FROM (auth.session_of_token()).id;
  GET DIAGNOSTICS ended = ROW_COUNT;
  RETURN ended;
END $$;

-- -- Accounts of others ----------------------------------------------------------------------
CREATE FUNCTION auth.grants_of(who int) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object(
    'id', g.id, 'role', g.role, 'prefixes', g.prefixes, 'first_day', g.valid_from,
    'day_after', g.valid_to, 'lives', auth.lives(g), 'begun', g.valid_from <= auth.today(),
    'granted_by', g.granted_by, 'stands_in_for', i.name) ORDER BY g.valid_from DESC, g.id DESC), '[]')
  FROM auth.grants g LEFT JOIN auth.accounts i ON i.id = g.stands_in_for
  WHERE g.account_id = who AND (who = auth.account() OR auth.sees_account(who))
$$;

-- Accounts in sight whose name has `words` in it, or the one with an id.
CREATE FUNCTION auth.accounts_in_sight(words text, only_id int) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object(
    'id', a.id, 'name', a.name, 'display_name', a.display_name, 'locked_at', a.locked_at,
    'lock_reason', a.lock_reason, 'has_password', a.password_hash IS NOT NULL,
    'has_second_factor', a.totp_confirmed_at IS NOT NULL, 'external_id', a.external_id,
    'must_change_password', a.must_change_password, 'created_at', a.created_at,
    'seen_at', (SELECT max(s.seen_at) FROM auth.sessions s WHERE s.account_id = a.id),
    'sessions', jsonb_array_length(auth.sessions_of(a.id)),
    'managed', auth.manages_account(a.id), 'grants', auth.grants_of(a.id)) ORDER BY a.name), '[]')
  FROM auth.accounts a
  WHERE a.kind = 'person' AND (only_id IS NULL OR a.id = only_id)
    AND (words = '' OR strpos(a.name, lower(words)) > 0 OR strpos(lower(a.display_name), lower(words)) > 0)
    AND auth.sees_account(a.id)
$$;

CREATE FUNCTION auth.lock_account(who int, reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT auth.manages_account(who) THEN
    RAISE EXCEPTION 'this account is not for this session' USING ERRCODE = 'insufficient_privilege';
  END IF;
  UPDATE auth.accounts SET locked_at = coalesce(locked_at, now()), lock_reason = reason WHERE id = who;
  UPDATE auth.sessions SET ended_at = now() WHERE account_id = who AND ended_at IS NULL;
END $$;

CREATE FUNCTION auth.unlock_account(who int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT auth.manages_account(who) THEN
    RAISE EXCEPTION 'this account is not for this session' USING ERRCODE = 'insufficient_privilege';
  END IF;
  UPDATE auth.accounts SET locked_at = NULL, lock_reason = NULL WHERE id = who;
END $$;

CREATE FUNCTION auth.set_external_id(who int, subject text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT auth.manages_account(who) THEN
    RAISE EXCEPTION 'this account is not for this session' USING ERRCODE = 'insufficient_privilege';
  END IF;
  UPDATE auth.accounts SET external_id = subject WHERE id = who;
END $$;

-- Ends a role with the day before. One that did not hold on any day goes; the record keeps both.
CREATE FUNCTION auth.end_grant(which int, day_after date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found_grant auth.grants;
BEGIN
  SELECT * INTO found_grant FROM auth.grants WHERE id = which FOR UPDATE;
  IF found_grant.id IS NULL OR NOT auth.lives(found_grant) OR NOT auth.sees_account(found_grant.account_id) THEN
    RETURN false;
  END IF;
  IF NOT coalesce((SELECT bool_and(prefix ^@ ANY (auth.scopes('account', 'change')))
                   FROM unnest(found_grant.prefixes) AS prefix), true)
     OR (found_grant.role = 'auditor' AND NOT auth.is_system()) THEN
    RAISE EXCEPTION 'this role is not for this session to end' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF day_after <= found_grant.valid_from THEN
    DELETE FROM auth.grants WHERE id = which;
  ELSE
    UPDATE auth.grants SET valid_to = day_after WHERE id = which;
  END IF;
  RETURN true;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA auth FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  auth.set_password(int, text, boolean, bigint, bytea), auth.begin_totp(bytea, bigint, bytea),
  auth.confirm_totp(bigint, bytea[], bigint, bytea), auth.new_recovery_codes(bytea[], bigint, bytea),
  auth.remove_totp(int, bigint, bytea), auth.set_language(text), auth.sessions_of(int),
  auth.end_session_of(int, bigint), auth.end_sessions_of(int), auth.grants_of(int),
  auth.accounts_in_sight(text, int), auth.lock_account(int, text), auth.unlock_account(int),
  auth.set_external_id(int, text), auth.end_grant(int, date)
TO gridmap_app;
