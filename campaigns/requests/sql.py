"""The verb of who answers for many callers at once."""

from campaigns.requests.rules import KEPT

# Keys and answers of one transaction, the answers given and the effects written: one row each and no second write.
# What was kept long enough and not swept yet is as good as absent; any other twin breaks the whole, as it must: its
# effect is written already. `answers`: one object each, bytes in hex, bodies as their text. Sorted, so that two lots
# wait for each other and never crosswise.
KEEP = """
CREATE FUNCTION keep_answers(route text, moment timestamptz, answers jsonb)
RETURNS void LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS VERB $$
#variable_conflict use_column
DECLARE kept int;
BEGIN
    INSERT INTO requests_requestkey AS k (id, branch_id, branch_pos, caller_kind, caller, route, key, fingerprint,
                                          made_at, status, headers, body)
    SELECT a.id, a.branch, a.place, 'customer', a.caller, keep_answers.route, a.key, decode(a.print, 'hex'), moment,
           a.status, a.headers, convert_to(a.body, 'UTF8')
      FROM jsonb_to_recordset(answers) AS a (id uuid, caller uuid, branch int, place int, key text, print text,
                                             status int, headers jsonb, body text)
     ORDER BY a.caller, a.key
    ON CONFLICT (caller, route, key) DO UPDATE
        SET fingerprint = excluded.fingerprint, made_at = excluded.made_at, status = excluded.status,
            headers = excluded.headers, body = excluded.body
      WHERE k.made_at <= moment - interval 'KEPT days';
    GET DIAGNOSTICS kept = ROW_COUNT;
    IF kept < jsonb_array_length(answers) THEN
        RAISE unique_violation USING MESSAGE = 'a twin answered meanwhile',
            CONSTRAINT = 'requests_key_names_one_request_of_its_caller';
    END IF;
END $$;
""".replace("KEPT", str(KEPT.days))
