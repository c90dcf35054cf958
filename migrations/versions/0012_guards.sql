-- What an attacker found. SQL as the application without a session writes nothing at all; with one,
-- no row is tied to a person, a member of staff or a case that it may not see.

-- -- Rows that hang on others: a foreign key passes over the policies, so the policy asks again ---
CREATE POLICY of_a_person_in_sight ON residences AS RESTRICTIVE FOR INSERT TO gridmap_app
  WITH CHECK (EXISTS (SELECT FROM residents r WHERE r.id = resident_id));
CREATE POLICY of_a_person_in_sight ON resident_versions AS RESTRICTIVE FOR INSERT TO gridmap_app
  WITH CHECK (EXISTS (SELECT FROM residents r WHERE r.id = resident_id));
CREATE POLICY of_staff_in_sight ON duties AS RESTRICTIVE FOR INSERT TO gridmap_app
  WITH CHECK (EXISTS (SELECT FROM staff s WHERE s.id = staff_id));
CREATE POLICY of_a_case_in_sight ON case_clocks AS RESTRICTIVE FOR INSERT TO gridmap_app
  WITH CHECK (EXISTS (SELECT FROM cases c WHERE c.id = case_id));
CREATE POLICY of_a_case_in_sight ON case_events AS RESTRICTIVE FOR INSERT TO gridmap_app
  WITH CHECK (EXISTS (SELECT FROM cases c WHERE c.id = case_id));

-- Nothing changes whose row it is.
CREATE FUNCTION keeps_its_owner() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'whose row this is cannot be changed' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER keeps_its_owner BEFORE UPDATE ON residences FOR EACH ROW
  WHEN (NEW.resident_id IS DISTINCT FROM OLD.resident_id) EXECUTE FUNCTION keeps_its_owner();
CREATE TRIGGER keeps_its_owner BEFORE UPDATE ON resident_versions FOR EACH ROW
  WHEN (NEW.resident_id IS DISTINCT FROM OLD.resident_id) EXECUTE FUNCTION keeps_its_owner();
CREATE TRIGGER keeps_its_owner BEFORE UPDATE ON duties FOR EACH ROW
  WHEN (NEW.staff_id IS DISTINCT FROM OLD.staff_id) EXECUTE FUNCTION keeps_its_owner();

-- -- Tables of the whole city: read by everybody, written with a right alone ----------------------
-- A trigger, not a policy: reading them must not become slower, and `&&` is not leakproof. The
-- arguments are "data.action" rights of which the session needs one, anywhere.
CREATE FUNCTION written_with_a_right() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  needed text;
BEGIN
  IF current_user <> 'gridmap_app' THEN
    RETURN NULL;
  END IF;
  FOREACH needed IN ARRAY TG_ARGV LOOP
    IF auth.scopes(split_part(needed, '.', 1), split_part(needed, '.', 2)) <> '{}' THEN
      RETURN NULL;
    END IF;
  END LOOP;
  RAISE EXCEPTION 'this session may not write %', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER written_with_a_right BEFORE INSERT OR UPDATE OR DELETE ON divisions
  FOR EACH STATEMENT EXECUTE FUNCTION written_with_a_right('place.change');
CREATE TRIGGER written_with_a_right BEFORE INSERT OR UPDATE OR DELETE ON grids
  FOR EACH STATEMENT EXECUTE FUNCTION written_with_a_right('place.change');
CREATE TRIGGER written_with_a_right BEFORE INSERT OR UPDATE OR DELETE ON grid_versions
  FOR EACH STATEMENT EXECUTE FUNCTION written_with_a_right('place.change');
CREATE TRIGGER written_with_a_right BEFORE INSERT OR UPDATE OR DELETE ON grid_neighbours
  FOR EACH STATEMENT EXECUTE FUNCTION written_with_a_right('place.change');
CREATE TRIGGER written_with_a_right BEFORE INSERT OR UPDATE OR DELETE ON grid_lineage
  FOR EACH STATEMENT EXECUTE FUNCTION written_with_a_right('place.change');
CREATE TRIGGER written_with_a_right BEFORE INSERT OR UPDATE OR DELETE ON base_features
  FOR EACH STATEMENT EXECUTE FUNCTION written_with_a_right('place.change');
CREATE TRIGGER written_with_a_right BEFORE INSERT OR UPDATE OR DELETE ON grid_population
  FOR EACH STATEMENT EXECUTE FUNCTION written_with_a_right('place.change', 'personal.change');
CREATE TRIGGER written_with_a_right BEFORE INSERT OR UPDATE OR DELETE ON categories
  FOR EACH STATEMENT EXECUTE FUNCTION written_with_a_right('incident.add');
CREATE TRIGGER written_with_a_right BEFORE INSERT OR UPDATE OR DELETE ON category_words
  FOR EACH STATEMENT EXECUTE FUNCTION written_with_a_right('incident.add');
CREATE TRIGGER written_with_a_right BEFORE INSERT OR UPDATE OR DELETE ON settings
  FOR EACH STATEMENT EXECUTE FUNCTION written_with_a_right('place.change', 'import.add');
CREATE TRIGGER written_with_a_right BEFORE INSERT OR UPDATE OR DELETE ON data_versions
  FOR EACH STATEMENT EXECUTE FUNCTION written_with_a_right(
    'place.change', 'incident.add', 'incident.change', 'resource.change', 'personal.change', 'import.add');

-- -- The record -----------------------------------------------------------------------------------
-- Numbers, times and who come from the database: the application cannot even name those columns.
REVOKE INSERT ON audit_events FROM gridmap_app;
GRANT INSERT (actor, action, subject_type, subject_id, detail, outcome, grid_code, purpose, address, class)
ON audit_events TO gridmap_app;

-- Without a session there is one thing to tell: that somebody could not get one.
DROP POLICY add ON audit_events;
CREATE POLICY add ON audit_events FOR INSERT TO gridmap_app, gridmap_owner
  WITH CHECK (account_id IS NOT NULL
              OR (action = 'login.failed' AND (SELECT auth.account()) IS NULL));
CREATE FUNCTION audit_of_nobody() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.outcome := 'refused';
  NEW.class := 'ordinary';
  NEW.purpose := NULL;
  NEW.grid_code := '';
  RETURN NEW;
END $$;
CREATE TRIGGER of_nobody BEFORE INSERT ON audit_events FOR EACH ROW
  WHEN (NEW.account_id IS NULL) EXECUTE FUNCTION audit_of_nobody();

-- -- Accounts out of sight are given nothing, and named as nobody's stand-in -----------------------
CREATE OR REPLACE FUNCTION auth.guard_grant() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF auth.account() IS NULL OR auth.is_system() THEN
    RETURN NEW;  -- the installation, and the command line
  END IF;
  IF NEW.account_id = auth.account() THEN
    RAISE EXCEPTION 'nobody gives a role to themselves' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF NOT auth.sees_account(NEW.account_id)
     OR NOT coalesce(auth.sees_account(NEW.stands_in_for), true) THEN
    RAISE EXCEPTION 'this account is not for this session' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;

-- -- Where persons live makes no statistics that anybody could ask -------------------------------
ALTER TABLE residences ALTER geom SET STATISTICS 0;
ALTER TABLE cases ALTER geom SET STATISTICS 0;
