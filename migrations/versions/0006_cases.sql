-- Cases, their clocks and their history: guarded by the place of the case.
GRANT SELECT, INSERT, UPDATE ON cases, case_clocks, case_events TO gridmap_app;
GRANT DELETE ON cases, case_clocks, case_events TO gridmap_app;
GRANT SELECT ON cases, case_clocks TO gridmap_analysis;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO gridmap_app;
SELECT auth.protect('cases', 'case');
SELECT auth.protect('case_clocks', 'case');
SELECT auth.protect('case_events', 'case', false);

-- Whoever may open a case writes its first clocks and events; whoever may move it writes more.
CREATE POLICY go_on ON case_clocks FOR INSERT TO gridmap_app
  WITH CHECK (grid_code ^@ ANY ((SELECT auth.scopes('case', 'change'))::text[]));
CREATE POLICY go_on ON case_events FOR INSERT TO gridmap_app
  WITH CHECK (grid_code ^@ ANY ((SELECT auth.scopes('case', 'change'))::text[]));

-- Who may have a case at a place: asked by those alone who may move cases there.
CREATE FUNCTION auth.people_at(place text, wanted_data text, wanted_action text)
RETURNS TABLE (account_id int, display_name text, roles text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT a.id, a.display_name, array_agg(DISTINCT g.role ORDER BY g.role)
  FROM auth.accounts a
  JOIN auth.grants g ON g.account_id = a.id
  JOIN auth.permissions p ON p.role = g.role AND p.data = wanted_data AND p.action = wanted_action
  WHERE a.kind = 'person' AND a.locked_at IS NULL
    AND g.valid_from <= auth.today() AND (g.valid_to IS NULL OR auth.today() < g.valid_to)
    AND place ^@ ANY (g.prefixes)
    AND place ^@ ANY (auth.scopes(wanted_data, wanted_action))
  GROUP BY a.id, a.display_name
  ORDER BY a.display_name, a.id
$$;
REVOKE ALL ON FUNCTION auth.people_at(text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION auth.people_at(text, text, text) TO gridmap_app;
