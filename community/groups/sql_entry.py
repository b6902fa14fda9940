"""The SQL of entry codes: which group takes members just now. Asked by whoever scans, who has no scope."""

# Metres between two positions in millionths of a degree: the haversine on a sphere of 6,371 km, to half a percent.
METRES = """
CREATE FUNCTION community_metres(lat_a int, lon_a int, lat_b int, lon_b int) RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT round(2 * 6371000 * asin(least(1, sqrt(
        sin(radians((lat_b - lat_a) / 2e6)) ^ 2
        + cos(radians(lat_a / 1e6)) * cos(radians(lat_b / 1e6)) * sin(radians((lon_b - lon_a) / 2e6)) ^ 2))))::int
$$;
REVOKE ALL ON FUNCTION community_metres(int, int, int, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION community_metres(int, int, int, int) TO fenhang_app, fenhang_verbs;
"""

# The first line that takes members at the moment; none when all are full, shown often enough, or out of hours.
OPEN_LINE = """
CREATE FUNCTION community_open_line(entry uuid, moment timestamptz) RETURNS uuid LANGUAGE sql STABLE AS VERB $$
    SELECT l.id FROM community_entrygroup l
      JOIN community_group g ON g.id = l.group_id JOIN tenants_branch b ON b.id = l.branch_id
     WHERE l.code_id = entry AND l.ended_at IS NULL AND g.dissolved_at IS NULL
       AND (l.link <> '' OR l.qr IS NOT NULL)
       AND g.member_count + g.staff_count < least(l.most_members, g.capacity)
       AND (l.most_shows IS NULL
            OR (SELECT coalesce(sum(s.many), 0) FROM community_entryshows s WHERE s.line_id = l.id) < l.most_shows)
       AND (l.from_time IS NULL OR ((moment AT TIME ZONE b.zone)::time >= l.from_time
                                    AND (moment AT TIME ZONE b.zone)::time < l.until_time))
     ORDER BY l.place, l.id LIMIT 1
$$;
"""

# A position is compared and forgotten: it is written nowhere.
SHOW = """
CREATE FUNCTION show_entry_code(wanted text, moment timestamptz, lat int, lon int, is_counted boolean)
RETURNS TABLE (word text, title text, says text, branch_name text, line uuid, group_name text, link text, qr bytea,
               metres int)
LANGUAGE plpgsql AS VERB $$
DECLARE chosen record; spot record; found_line uuid; away int;
BEGIN
    SELECT c.* INTO chosen FROM community_entrycode c JOIN tenants_branch b ON b.id = c.branch_id
     WHERE c.slug = wanted AND c.is_open AND b.is_open;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'not_found', ''::text, ''::text, ''::text, NULL::uuid, ''::text, ''::text, NULL::bytea,
                            NULL::int;
        RETURN;
    END IF;
    IF chosen.picks = 'nearest' AND lat IS NOT NULL AND lon IS NOT NULL THEN
        FOR spot IN
            SELECT c.id, d.away FROM community_entrycode c
              JOIN tenants_branch o ON o.id = chosen.branch_id
              JOIN tenants_branch b ON b.id = c.branch_id AND b.is_open AND b.pos BETWEEN o.pos AND o.pos_end
              JOIN community_branchplace p ON p.branch_id = c.branch_id
              CROSS JOIN LATERAL (SELECT community_metres(lat, lon, p.lat_micro, p.lon_micro) AS away) d
             WHERE c.picks = 'order' AND c.is_open AND (chosen.kind_id IS NULL OR c.kind_id = chosen.kind_id)
               -- A degree of latitude is 111 km: the box spares the sines of the rest of the country.
               AND p.lat_micro BETWEEN lat - chosen.radius_m * 10 AND lat + chosen.radius_m * 10
               AND d.away <= chosen.radius_m
             ORDER BY d.away, c.id LIMIT 50
        LOOP
            found_line := community_open_line(spot.id, moment);
            away := spot.away;
            EXIT WHEN found_line IS NOT NULL;
        END LOOP;
    ELSIF chosen.picks = 'order' THEN
        found_line := community_open_line(chosen.id, moment);
    END IF;
    IF found_line IS NULL THEN
        RETURN QUERY SELECT CASE WHEN chosen.picks = 'order' THEN 'full'
                                 WHEN lat IS NULL OR lon IS NULL THEN 'position_needed' ELSE 'none_near' END,
            chosen.title::text, chosen.says::text,
            (SELECT b.name::text FROM tenants_branch b WHERE b.id = chosen.branch_id),
            NULL::uuid, ''::text, ''::text, NULL::bytea, NULL::int;
        RETURN;
    END IF;
    IF is_counted THEN
        INSERT INTO community_entryshows AS s (id, branch_id, branch_pos, line_id, day, slot, many)
        SELECT uuidv7(), l.branch_id, l.branch_pos, l.id, (moment AT TIME ZONE b.zone)::date,
               floor(random() * 8)::smallint, 1
          FROM community_entrygroup l JOIN tenants_branch b ON b.id = l.branch_id WHERE l.id = found_line
        ON CONFLICT (line_id, day, slot) DO UPDATE SET many = s.many + 1;
    END IF;
    RETURN QUERY SELECT 'shown', chosen.title::text, chosen.says::text, b.name::text, l.id, g.name::text, l.link::text,
                        l.qr, away
      FROM community_entrygroup l JOIN community_group g ON g.id = l.group_id
      JOIN tenants_branch b ON b.id = l.branch_id WHERE l.id = found_line;
END $$;
"""

# Customers find the codes of their own branch in the list of groups.
OF_BRANCH = """
CREATE POLICY of_branch ON community_entrycode FOR SELECT TO fenhang_customer
    USING (branch_id = app_branch() AND is_open AND picks = 'order');
GRANT SELECT ON community_entrycode TO fenhang_customer;
"""
