-- Inside the database, as its owner or a superuser. Plain SQL; harmless to repeat.
DO $grants$
BEGIN
    -- Temporary tables are how the application imports; nobody else needs them.
    EXECUTE format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO fenhang_app', current_database());
END
$grants$;
ALTER SCHEMA public OWNER TO fenhang_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO fenhang_app, fenhang_customer, fenhang_verbs;
-- Staff reach every table, through its policies; customers and verbs are granted table by table in migrations.
ALTER DEFAULT PRIVILEGES FOR ROLE fenhang_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO fenhang_app;
ALTER DEFAULT PRIVILEGES FOR ROLE fenhang_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO fenhang_app, fenhang_customer, fenhang_verbs;
