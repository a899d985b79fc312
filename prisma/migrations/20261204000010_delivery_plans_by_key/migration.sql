-- Each statement of these finds its rows by a key, so its plan is the same for all of them: made once for each connection, not for
-- each lane of each call, which cost more than the work, with the lanes in hand that others wait for (C37).
ALTER FUNCTION events_to_place(int) SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION events_place(jsonb) SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION deliveries_begin(text[]) SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION deliveries_claim(jsonb, jsonb) SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION deliveries_finish(jsonb, jsonb) SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION sessions_go_on(text, text[]) SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION lanes_slow(text[], int) SET plan_cache_mode = force_generic_plan;
