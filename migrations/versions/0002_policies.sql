-- Places, incidents, counts of them and imports: each row belongs to a scope.
SELECT auth.protect('incidents', 'incident');
SELECT auth.protect('incident_months', 'figure');
SELECT auth.protect('places', 'place');
SELECT auth.protect('resources', 'resource');
SELECT auth.protect('batches', 'import', counted => false);
-- Figures say whether invented data is in them, so the role that counts knows of every import.
CREATE POLICY count ON batches FOR SELECT TO gridmap_analysis USING ((SELECT auth.account()) IS NOT NULL);

-- The roll-up is written by whoever writes incidents.
DROP POLICY add ON incident_months;
DROP POLICY change ON incident_months;
DROP POLICY erase ON incident_months;
CREATE POLICY keep ON incident_months FOR ALL TO gridmap_app, gridmap_owner
  USING (grid_code ^@ ANY ((SELECT auth.scopes('incident', 'add'))::text[]))
  WITH CHECK (grid_code ^@ ANY ((SELECT auth.scopes('incident', 'add'))::text[]));

-- Indexes go only for somebody who sees every row: to anybody else a full table may look empty.
CREATE OR REPLACE FUNCTION incidents_drop_indexes() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT '' = ANY (auth.scopes('incident', 'see')) OR EXISTS (SELECT FROM public.incidents) THEN
    RETURN false;
  END IF;
  LOCK TABLE public.incidents IN ACCESS EXCLUSIVE MODE;
  IF EXISTS (SELECT FROM public.incidents) THEN  -- somebody was faster
    RETURN false;
  END IF;
  DROP INDEX public.uq_incidents_source_id_source, public.ix_incidents_time,
    public.ix_incidents_grid, public.ix_incidents_batch, public.ix_incidents_unlinked;
  ALTER TABLE public.incidents DROP CONSTRAINT pk_incidents;
  RETURN true;
END $$;
