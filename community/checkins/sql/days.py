"""Which day of a programme a date is, the code spoken on it, and streaks: sums that verbs and pages share."""

# Which of the counting days it is, from 0; NULL for a day that does not count.
NTH = """
CREATE FUNCTION community_nth_day(first date, weekdays smallint[], day date) RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN day >= first AND extract(isodow FROM day)::smallint = ANY (weekdays)
                THEN community_days_before(first, weekdays, day) END
$$;
"""
# How many counting days lie before this one: whole weeks, and what is left of one.
BEFORE = """
CREATE FUNCTION community_days_before(first date, weekdays smallint[], day date) RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN cardinality(weekdays) = 7 THEN greatest(day - first, 0)
                ELSE greatest(day - first, 0) / 7 * cardinality(weekdays)
                     + (SELECT count(*)::int FROM unnest(weekdays) AS d (n)
                         WHERE (d.n + 7 - extract(isodow FROM first)::int) % 7 < greatest(day - first, 0) % 7) END
$$;
"""

# Four digits of a seed that nobody sees, a group and a day.
SPOKEN = """
CREATE FUNCTION community_code_of(seed uuid, wanted uuid, day date) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT lpad(((('x' || substr(encode(sha256(convert_to(seed || '|' || wanted || '|' || to_char(day, 'YYYYMMDD'),
                                                          'UTF8')), 'hex'), 1, 8))::bit(32)::bigint) % 10000)::text,
                4, '0')
$$;
"""
# For who runs the group, to be said in it today. NULL: not within the scope, or no code is asked for.
SPOKEN_TODAY = """
CREATE FUNCTION spoken_code(programme uuid, wanted uuid) RETURNS text LANGUAGE plpgsql STABLE AS VERB $$
BEGIN
    IF app_person() IS NULL THEN RETURN NULL; END IF;
    RETURN (SELECT community_code_of(d.code_seed, g.id, (app_at() AT TIME ZONE b.zone)::date)
              FROM community_group g JOIN tenants_branch b ON b.id = g.branch_id
              JOIN community_programme d ON d.id = programme
              JOIN community_liveprogramme p ON p.programme_id = d.id AND p.proof = 'code'
              JOIN tenants_branch i ON i.id = p.branch_id
             WHERE g.id = wanted AND g.branch_pos BETWEEN app_lo() AND app_hi()
               AND community_is_for(p, g, i.pos, i.pos_end));
END $$;
"""

# Is the programme, whose branch stands from `pos` to `pos_end`, for this group?
IS_FOR = """
CREATE FUNCTION community_is_for(p community_liveprogramme, g community_group, pos int, pos_end int) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (p.branch_id = g.branch_id OR p.handed_down AND g.branch_pos BETWEEN pos AND pos_end)
       AND (cardinality(p.group_ids) = 0 OR g.id = ANY (p.group_ids))
       AND (cardinality(p.kinds) = 0 OR g.kind_id = ANY (p.kinds))
$$;
"""

# The days in a row that reach `upto` (the last counting day that is over, or today), and the full streaks of all days
# together, `more` counted in. One look at the customer's days of one programme, which are some hundreds at most.
RUNS = """
CREATE FUNCTION community_runs(wanted uuid, who uuid, more int, least_last int, per int,
                               OUT streak int, OUT due int, OUT paid int) LANGUAGE sql STABLE AS VERB $$
    SELECT coalesce(max(r.many) FILTER (WHERE r.last >= least_last), 0)::int,
           CASE WHEN per > 0 THEN coalesce(sum(r.many / nullif(per, 0)), 0)::int ELSE 0 END,
           coalesce(sum(r.units), 0)::int
      FROM (SELECT count(*) AS many, max(i.nth) AS last, sum(i.units) AS units
              FROM (SELECT d.nth, d.units, d.nth - row_number() OVER (ORDER BY d.nth) AS island
                      FROM (SELECT k.nth, k.units FROM community_checkin k
                             WHERE k.programme_id = wanted AND k.customer_id = who AND k.state = 'counted'
                             UNION ALL SELECT more, 0 WHERE more IS NOT NULL) d) i
             GROUP BY i.island) r
$$;
"""
