-- The three roles of gridmap: one migrates, one serves, one counts.
-- None is a superuser and none passes row-level security.
DO $$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['gridmap_owner', 'gridmap_app', 'gridmap_analysis'] LOOP
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted) THEN
      EXECUTE pg_catalog.format('CREATE ROLE %I LOGIN', wanted);
    END IF;
    EXECUTE pg_catalog.format(
      'ALTER ROLE %I NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION', wanted);
  END LOOP;
END
$$;
