-- Inside the database gridmap, as a superuser: what the owner may not create itself.
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE EXTENSION IF NOT EXISTS btree_gist;
ALTER SCHEMA public OWNER TO gridmap_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON DATABASE gridmap FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE gridmap TO gridmap_app, gridmap_analysis;
-- Statistics of PostGIS pass over row-level security: they count points that one may not see.
DO $$
DECLARE
  lax regprocedure;
BEGIN
  FOR lax IN SELECT p.oid FROM pg_catalog.pg_proc p WHERE p.proname IN (
    '_postgis_selectivity', '_postgis_join_selectivity', '_postgis_stats', '_postgis_index_extent',
    'st_estimatedextent', 'st_findextent')
  LOOP
    EXECUTE pg_catalog.format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', lax);
  END LOOP;
END
$$;
