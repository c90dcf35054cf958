-- The record: who did, saw or was refused what, where, when, why. Appended by everybody as
-- themselves, read by auditors in their scope, changed and erased by nobody.
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE audit_events ADD CONSTRAINT ck_audit_events_outcome
  CHECK (outcome IN ('done', 'seen', 'refused'));
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE audit_events ADD CONSTRAINT ck_audit_events_class
  CHECK (class IN ('ordinary', 'export', 'reveal'));
-- A row an action: a short table until now, so the locks are short too.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_audit_events_at ON audit_events (at);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_audit_events_xid ON audit_events (xid);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_audit_events_subject ON audit_events (subject_type, subject_id, id);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_audit_events_account ON audit_events (account_id, id);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seals
FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

-- Whatever a statement says of who, when and with which rights: the token decides.
CREATE FUNCTION audit_fill_in() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.at := clock_timestamp();
  NEW.xid := pg_current_xact_id();
  NEW.account_id := auth.account();
  NEW.roles := '{}';
  NEW.scope := '{}';
  IF NEW.account_id IS NULL THEN
    NEW.actor := left(NEW.actor, 200);
    RETURN NEW;
  END IF;
  SELECT a.name INTO NEW.actor FROM auth.accounts a WHERE a.id = NEW.account_id;
  SELECT coalesce(array_agg(DISTINCT g.role COLLATE "C"), '{}'),
         coalesce(array_agg(DISTINCT prefix COLLATE "C") FILTER (WHERE prefix IS NOT NULL), '{}')
  INTO NEW.roles, NEW.scope
  FROM auth.grants_of_token() g LEFT JOIN LATERAL unnest(g.prefixes) AS prefix ON true;
  RETURN NEW;
END $$;

CREATE TRIGGER fill_in BEFORE INSERT ON audit_events
FOR EACH ROW EXECUTE FUNCTION audit_fill_in();

ALTER TABLE audit_events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
-- As oneself; without a session only that somebody tried to get one.
CREATE POLICY add ON audit_events FOR INSERT TO gridmap_app, gridmap_owner
  WITH CHECK (account_id IS NOT DISTINCT FROM (SELECT auth.account())
              AND (account_id IS NOT NULL OR action ^@ 'login.'));
CREATE POLICY see ON audit_events FOR SELECT TO gridmap_app, gridmap_owner
  USING (grid_code ^@ ANY ((SELECT auth.scopes('audit', 'see'))::text[]));

ALTER TABLE audit_seals ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY add ON audit_seals FOR INSERT TO gridmap_app, gridmap_owner
  WITH CHECK ('' = ANY ((SELECT auth.scopes('audit', 'add'))::text[]));
CREATE POLICY see ON audit_seals FOR SELECT TO gridmap_app, gridmap_owner
  USING ('' = ANY ((SELECT auth.scopes('audit', 'see'))::text[]));
GRANT SELECT, INSERT ON audit_seals TO gridmap_app;

-- Waits until nobody writes to the trail and lets nobody begin, for the sealer of a restored database.
CREATE FUNCTION audit_hold() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF '' = ANY (auth.scopes('audit', 'add')) THEN
    LOCK TABLE public.audit_events IN SHARE MODE;
  END IF;
END $$;
REVOKE ALL ON FUNCTION audit_hold() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_hold() TO gridmap_app;
