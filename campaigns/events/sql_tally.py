"""How often, and how much, customers did something: asked for all of a scope at once, by rules."""

# Of customers of the open scope, wherever their home was when they did it. Planned anew with what is asked, since a
# branch is looked up by its customers, and a bank by what was done lately. `summed` "" counts.
TALLY = """
CREATE FUNCTION events_tally(did text, summed text, since timestamptz, until timestamptz, narrowed jsonb)
RETURNS TABLE (customer_id uuid, value numeric) LANGUAGE plpgsql STABLE AS VERB $$
DECLARE what text := 'count(*)::numeric';
BEGIN
    IF app_customer() IS NOT NULL THEN RETURN; END IF;
    IF summed <> '' THEN
        what := format('sum(CASE WHEN jsonb_typeof(e.properties -> %1$L) = %2$L'
                       ' THEN (e.properties ->> %1$L)::numeric END)', summed, 'number');
    END IF;
    RETURN QUERY EXECUTE format(
        'SELECT e.customer_id, %s FROM events_event e JOIN customers_customer c ON c.id = e.customer_id'
        ' WHERE c.branch_pos BETWEEN %L::int AND %L::int AND e.kind = %L'
        '   AND e.at >= %L::timestamptz AND e.at < %L::timestamptz AND e.properties @> %L::jsonb'
        ' GROUP BY e.customer_id', what, app_lo(), app_hi(), did, since, until, narrowed);
END $$;
"""
