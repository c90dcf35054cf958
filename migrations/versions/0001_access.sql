-- Who may do what. The owner migrates; the application never owns, truncates or changes the past;
-- the role that counts reads figures and places, and writes nothing.
GRANT USAGE ON SCHEMA public TO gridmap_app, gridmap_analysis;

GRANT SELECT, INSERT, UPDATE, DELETE ON
  settings, data_versions, batches, divisions, grids, grid_versions, grid_neighbours, grid_lineage,
  grid_population, categories, category_words, incidents, incident_months,
  places, resources, base_features
TO gridmap_app;
GRANT SELECT, INSERT ON audit_events TO gridmap_app;
GRANT SELECT ON alembic_version TO gridmap_app, gridmap_analysis;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO gridmap_app;

GRANT SELECT ON
  settings, data_versions, batches, divisions, grids, grid_versions, grid_neighbours, grid_lineage,
  grid_population, categories, category_words, incidents, incident_months,
  places, resources
TO gridmap_analysis;

CREATE FUNCTION audit_is_append_only() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'the audit trail is only ever appended to' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
