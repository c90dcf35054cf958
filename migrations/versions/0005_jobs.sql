-- Work in the background. Whoever asks for it is who it acts as: the token says who that is, and
-- nothing can change it afterwards.
CREATE FUNCTION jobs_fill_in() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.account_id := auth.account();
  SELECT a.name INTO NEW.actor FROM auth.accounts a WHERE a.id = NEW.account_id;
  NEW.second_factor := coalesce((auth.session_of_token()).second_factor, false);
  NEW.state := 'waiting';
  NEW.attempts := 0;
  RETURN NEW;
END $$;

CREATE TRIGGER fill_in BEFORE INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION jobs_fill_in();

CREATE FUNCTION jobs_keep() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (NEW.kind, NEW.arguments, NEW.key, NEW.account_id, NEW.actor, NEW.second_factor)
     IS DISTINCT FROM (OLD.kind, OLD.arguments, OLD.key, OLD.account_id, OLD.actor, OLD.second_factor)
  THEN
    RAISE EXCEPTION 'what a job does, and as whom, cannot be changed'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER keep BEFORE UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION jobs_keep();

CREATE FUNCTION jobs_wake() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_notify('gridmap_jobs', '');
  RETURN NULL;
END $$;

CREATE TRIGGER wake_on_insert AFTER INSERT ON jobs
FOR EACH ROW EXECUTE FUNCTION jobs_wake();
CREATE TRIGGER wake_on_change AFTER UPDATE ON jobs FOR EACH ROW
WHEN (NEW.cancel_asked AND NOT OLD.cancel_asked OR NEW.state = 'waiting' AND OLD.state <> 'waiting')
EXECUTE FUNCTION jobs_wake();

ALTER TABLE jobs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY see ON jobs FOR SELECT TO gridmap_app, gridmap_owner
  USING (account_id = (SELECT auth.account()) OR (SELECT auth.scopes('job', 'see')) <> '{}');
CREATE POLICY add ON jobs FOR INSERT TO gridmap_app, gridmap_owner
  WITH CHECK (account_id = (SELECT auth.account()));
CREATE POLICY change ON jobs FOR UPDATE TO gridmap_app, gridmap_owner
  USING (account_id = (SELECT auth.account()) OR (SELECT auth.scopes('job', 'change')) <> '{}');
CREATE POLICY erase ON jobs FOR DELETE TO gridmap_app, gridmap_owner
  USING ((SELECT auth.scopes('job', 'erase')) <> '{}');

ALTER TABLE job_periods ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY keep ON job_periods TO gridmap_app, gridmap_owner
  USING ('' = ANY ((SELECT auth.scopes('job', 'add'))::text[]));

GRANT SELECT, INSERT, UPDATE, DELETE ON jobs, job_periods TO gridmap_app;
GRANT USAGE ON SEQUENCE jobs_id_seq TO gridmap_app;

-- Sessions that nobody can use any more, a month after their end.
CREATE FUNCTION auth.forget_sessions() RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  gone int;
BEGIN
  IF NOT '' = ANY (auth.scopes('account', 'erase')) THEN
    RAISE EXCEPTION 'sessions are not for this session to forget' USING ERRCODE = 'insufficient_privilege';
  END IF;
  DELETE FROM auth.sessions
  WHERE least(ended_at, expires_at) < now() - interval '30 days';
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;
REVOKE ALL ON FUNCTION auth.forget_sessions() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION auth.forget_sessions() TO gridmap_app;
