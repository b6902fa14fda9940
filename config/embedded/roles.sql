-- Roles and database of Fenhang. Run once, as a superuser, with psql; running it again is harmless:
--
--     psql -X -v ON_ERROR_STOP=1 -d postgres -f roles.sql
--
-- It holds no passwords. Give them afterwards, so that only their hashes reach the server:
--
--     \password fenhang_owner        -- DATABASE_OWNER_URL: migrates; never serves
--     \password fenhang_app          -- DATABASE_URL: serves staff and customers
--
-- (or run it with -v owner_password=... -v app_password=... where command lines are private).
\set ON_ERROR_STOP 1
SET client_min_messages = warning;

SELECT 'CREATE ROLE fenhang_owner LOGIN'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'fenhang_owner') \gexec
SELECT 'CREATE ROLE fenhang_app LOGIN'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'fenhang_app') \gexec
-- Entered per transaction for a customer's request.
SELECT 'CREATE ROLE fenhang_customer NOLOGIN'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'fenhang_customer') \gexec
-- Owns the functions that may do what their caller may not.
SELECT 'CREATE ROLE fenhang_verbs NOLOGIN'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'fenhang_verbs') \gexec

-- For a superuser, or a role that bypasses row-level security, the walls between branches are silently off.
DO $check$
DECLARE
    found text;
BEGIN
    SELECT string_agg(rolname, ', ') INTO found FROM pg_roles
     WHERE rolname IN ('fenhang_owner', 'fenhang_app', 'fenhang_customer', 'fenhang_verbs')
       AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolreplication);
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'too privileged: %', found
            USING HINT = 'ALTER ROLE ... NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOREPLICATION';
    END IF;
END
$check$;

GRANT fenhang_customer TO fenhang_app WITH INHERIT FALSE, SET TRUE;
GRANT fenhang_verbs TO fenhang_owner WITH INHERIT FALSE, SET TRUE;

\if :{?owner_password}
ALTER ROLE fenhang_owner PASSWORD :'owner_password';
\endif
\if :{?app_password}
ALTER ROLE fenhang_app PASSWORD :'app_password';
\endif

SELECT 'CREATE DATABASE fenhang OWNER fenhang_owner ENCODING ''UTF8'' TEMPLATE template0 '
       'LOCALE_PROVIDER builtin BUILTIN_LOCALE ''C.UTF-8'' LOCALE ''C'''
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'fenhang') \gexec
\connect fenhang
SET client_min_messages = warning;
