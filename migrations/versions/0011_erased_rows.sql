-- Kept so that a file which is imported again does not bring an erased person back. Written and read
-- by the system alone: nobody changes or erases a row. Not encrypted: a keyed index tells nothing.
GRANT SELECT, INSERT ON erased_rows TO gridmap_app;
SELECT auth.protect('erased_rows', 'personal', counted => false);
