-- Inside the database gridmap, as a superuser: what the owner may not create itself.
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE EXTENSION IF NOT EXISTS btree_gist;
ALTER SCHEMA public OWNER TO gridmap_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON DATABASE gridmap FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE gridmap TO gridmap_app, gridmap_analysis;
