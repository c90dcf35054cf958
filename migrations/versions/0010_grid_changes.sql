-- A grid may end on the day that it began: it was made and drawn anew on one day. The wider check
-- holds for every row that the narrower one let in.
-- squawk-ignore ban-drop-constraint
ALTER TABLE grids DROP CONSTRAINT ck_grids_ends_after_it_begins;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE grids ADD CONSTRAINT ck_grids_ends_after_it_begins CHECK (valid_to >= valid_from);

-- Changes of borders and drafts belong to a community. Seen by whoever sees its places; written by
-- whoever may change them, and read by the role that counts, for borders of another day.
GRANT SELECT, INSERT, UPDATE, DELETE ON grid_changes, grid_change_rows, grid_drafts TO gridmap_app;
GRANT SELECT ON grid_changes, grid_change_rows TO gridmap_analysis;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO gridmap_app;
SELECT auth.protect('grid_changes', 'place');
SELECT auth.protect('grid_change_rows', 'place');
SELECT auth.protect('grid_drafts', 'place', false);

CREATE POLICY draw ON grid_changes FOR INSERT TO gridmap_app
  WITH CHECK (grid_code ^@ ANY ((SELECT auth.scopes('place', 'change'))::text[]));
CREATE POLICY draw ON grid_drafts FOR INSERT TO gridmap_app
  WITH CHECK (grid_code ^@ ANY ((SELECT auth.scopes('place', 'change'))::text[]));

-- Rights follow a split, by the system alone: whoever had the ground has its parts. A merge gives
-- nobody more ground: such grants are counted, and a person decides.
CREATE FUNCTION auth.grants_naming(wanted text[]) RETURNS int
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT count(*)::int FROM auth.grants g
  WHERE auth.is_system() AND g.prefixes && (wanted COLLATE "C")
    AND (g.valid_to IS NULL OR g.valid_to > auth.today())
$$;

CREATE FUNCTION auth.grants_follow_split(old_code text, parts text[]) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  followed int;
BEGIN
  IF NOT auth.is_system() THEN
    RAISE EXCEPTION 'rights follow borders by the system alone' USING ERRCODE = 'insufficient_privilege';
  END IF;
  UPDATE auth.grants SET prefixes = prefixes || (parts COLLATE "C")
  WHERE old_code COLLATE "C" = ANY (prefixes) AND (valid_to IS NULL OR valid_to > auth.today());
  GET DIAGNOSTICS followed = ROW_COUNT;
  RETURN followed;
END $$;

CREATE FUNCTION auth.grants_forget(gone text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT auth.is_system() THEN
    RAISE EXCEPTION 'rights follow borders by the system alone' USING ERRCODE = 'insufficient_privilege';
  END IF;
  UPDATE auth.grants
  SET prefixes = (SELECT array_agg(p ORDER BY n) FROM unnest(prefixes) WITH ORDINALITY AS u (p, n)
                  WHERE NOT p = ANY (gone))
  WHERE prefixes && (gone COLLATE "C") AND NOT prefixes <@ (gone COLLATE "C");
END $$;
REVOKE ALL ON FUNCTION auth.grants_naming(text[]), auth.grants_follow_split(text, text[]),
  auth.grants_forget(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION auth.grants_naming(text[]), auth.grants_follow_split(text, text[]),
  auth.grants_forget(text[]) TO gridmap_app;
