"""Which test holds each rule to a fault worked out by hand (golden), and which to what just falls short (near miss).

A test that does both stands in both places. What is missing is said in `MISSING`, which may only become shorter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Cases:
    """Two tests, as `file::function`."""

    golden: str
    near_miss: str


def _cases(file: str, golden: str, near_miss: str | None = None) -> Cases:
    """Return the tests of a file; one name where a single test does both."""
    return Cases(f"{file}::test_{golden}", f"{file}::test_{near_miss or golden}")


_RULES, _LEVELS, _COUNTS = (f"analytics/test_{name}.py" for name in ("rules", "level_rules", "head_count_rules"))
_REGISTRY, _HOURS = "analytics/test_registry_rules.py", "analytics/test_after_hours.py"
_WATER, _USE = "analytics/test_energy_and_water_rules.py", "analytics/test_energy_use_rules.py"
_BALANCE, _GATEWAY = "analytics/test_meter_balance.py", "analytics/test_gateway_down.py"
_MACHINES, _PAST, _CABLES = (f"watch/test_{name}.py" for name in ("machines", "past", "fires_and_cables"))
_TAMPER = "watch/test_tamper_and_clock.py"
_LOGS, _QUALITY = "alerts/test_log_rules.py", "alerts/test_quality.py"

CASES: Mapping[str, Cases] = MappingProxyType(
    {
        "S01": _cases(
            _RULES,
            "s01_an_office_nobody_used_for_forty_workdays_is_idle",
            "s01_two_days_of_use_are_enough_not_to_be_idle",
        ),
        "S02": _cases(_RULES, "s02_low_use_is_found_with_its_figure", "s02_just_above_the_limit_passes"),
        "S03": _cases(_RULES, "s03_is_about_meeting_rooms_and_s02_is_not"),
        "S04": _cases(
            _COUNTS, "s04_a_quarter_of_the_bookings_unused_is_a_fault_with_its_figure", "s04_a_fifth_unused_passes"
        ),
        "S05": _cases(
            _COUNTS, "s05_the_median_of_the_largest_groups_is_held_against_the_seats", "s05_three_in_ten_seats_passes"
        ),
        "S06": _cases(_COUNTS, "s06_a_counter_of_the_building_gives_the_peak"),
        "S07": _cases(
            _REGISTRY, "s07_area_above_the_quota_is_found_with_its_figure", "s07_half_a_metre_above_is_tolerated"
        ),
        "S08": _cases(_REGISTRY, "s08_is_found_the_day_after_the_month_is_over"),
        "S09": _cases(_REGISTRY, "s09_a_paper_that_is_written_down_as_absent_is_a_fault", "s09_complete_papers_pass"),
        "S10": _cases(
            _REGISTRY,
            "s10_a_room_in_other_hands_is_found_with_its_area",
            "s10_own_use_passes_and_an_unwritten_tenure_is_not_applicable",
        ),
        "E01": _cases(_USE, "e01_a_year_of_meters_is_held_against_the_national_constraint"),
        "E02": _cases(_USE, "e02_is_held_against_the_mean_of_five_peers"),
        "E03": _cases(_RULES, "e03_a_load_that_hardly_falls_at_night_is_found", "e03_just_under_the_ratio_passes"),
        "E04": _cases(
            _HOURS,
            "use_after_hours_above_last_years_is_found_with_its_figures",
            "a_rise_of_twenty_percent_at_most_passes",
        ),
        "E05": _cases(
            _RULES,
            "e05_light_left_on_is_found_with_its_kwh",
            "e05_the_limit_of_100_watts_holds_where_it_is_the_higher_one",
        ),
        "E06": _cases(_WATER, "e06_a_thermostat_below_26_is_overcooling"),
        "E07": _cases(_WATER, "e07_a_heated_room_may_have_21_where_only_its_air_is_known"),
        "E08": _cases(_WATER, "e08_ten_minutes_of_open_window_beside_running_plant"),
        "E09": _cases(_WATER, "e09_lamps_above_8_watts_per_square_metre"),
        "E10": _cases(_USE, "e10_three_days_above_what_time_and_weather_let_expect"),
        "E11": _cases(_BALANCE, "more_below_than_above_is_a_fault_with_its_figure", "exactly_two_percent_more_passes"),
        "E12": _cases(_USE, "e12_both_years_are_divided_by_todays_periods"),
        "W01": _cases(_WATER, "w01_a_tap_that_runs_through_seven_nights_is_a_leak", "w01_water_that_rests_is_no_leak"),
        "A01": _cases(
            _RULES, "a01_co2_above_the_limit_while_occupied_is_one_finding", "a01_just_under_the_limit_passes"
        ),
        "A02": _cases(_LEVELS, "a02_fresh_air_follows_from_the_plateau", "a02_before_the_plateau_nothing_passes"),
        "A03": _cases(_LEVELS, "a03_a_day_of_particles_is_held_against_its_limit"),
        "A04": _cases(_LEVELS, "a04_an_hour_of_formaldehyde_is_enough"),
        "A05": _cases(_LEVELS, "a05_has_the_limits_of_zone_and_season"),
        "A06": _cases(_LEVELS, "a06_is_told_once_of_the_building"),
        "A07": _cases(_LEVELS, "a07_light_is_judged_at_the_desk_with_the_lights_on"),
        "A08": _cases(_LEVELS, "a08_plant_is_heard_in_the_empty_room"),
        "F01": _cases(_PAST, "fire_is_a_fault_only_where_nobody_silenced_it_in_time"),
        "F02": _cases(_MACHINES, "slow_relay_is_judged_by_the_panels_known_clock_only"),
        "F03": _cases(_MACHINES, "fault_left_open_for_a_day_is_red_where_it_is_the_panel"),
        "F04": _cases(
            _LOGS, "three_false_alarms_of_a_detector_in_a_month_are_too_many", "real_alarms_are_no_false_ones"
        ),
        "F05": _cases(_MACHINES, "isolation_without_approval_alerts_until_somebody_approves_it"),
        "F06": _cases(_MACHINES, "gas_in_manual_has_more_time_and_alerts_where_nobody_knows_who_is_in_the_room"),
        "F07": _cases(_LOGS, "a_missing_entry_is_a_gap_of_four_hours", "seconds_over_two_hours_are_no_gap"),
        "F08": _cases(_CABLES, "panel_unheard_for_more_than_two_hours_has_lost_its_line"),
        "F09": _cases(_MACHINES, "fire_door_left_open_gets_graver_once_and_ends_when_it_is_shut"),
        "F10": _cases(
            _MACHINES,
            "exit_that_stays_locked_is_told_after_a_confirmed_fire_only",
            "exit_that_is_released_in_time_is_no_alert_and_open_doors_are_none_either",
        ),
        "F11": _cases(
            _LOGS,
            "a_test_of_a_year_and_a_day_ago_is_overdue",
            "a_test_within_the_year_and_a_check_within_the_quarter_pass",
        ),
        "F12": _cases(_CABLES, "leak_is_a_fault_and_the_test_of_a_detector_is_none"),
        "L01": _cases(_MACHINES, "residual_current_on_the_edge_is_one_alert_and_a_lone_peak_is_none"),
        "L02": _cases(
            _LEVELS,
            "l02_seven_days_are_held_against_the_thirty_before",
            "l02_a_small_current_may_double_and_a_short_time_says_nothing",
        ),
        "L03": _cases(_CABLES, "cable_above_seventy_degrees_for_a_minute_is_too_hot"),
        "L04": _cases(_LEVELS, "l04_has_two_tiers_each_with_its_time"),
        "L05": _cases(_LEVELS, "l05_voltage_may_stray_by_seven_percent_up_and_ten_down"),
        "L06": _cases(_LEVELS, "l06_the_largest_departure_of_a_phase_from_the_mean_is_its_unbalance"),
        "D01": _cases(_MACHINES, "door_is_held_from_the_last_who_passed_and_not_where_it_was_forced"),
        "D02": _cases(_MACHINES, "door_opened_without_a_card_is_forced_and_with_one_is_not"),
        "D03": _cases(_MACHINES, "fifth_refusal_in_a_row_alerts_and_a_card_that_opens_ends_it"),
        "D04": _cases(_MACHINES, "silent_door_alerts_after_its_heartbeat_and_late_events_do_as_well"),
        "D05": _cases(
            "watch/test_passed_back.py",
            "card_that_comes_in_twice_is_told_at_its_door_and_only_for_a_while",
            "card_that_may_have_left_in_between_is_not_told",
        ),
        "D06": _cases(
            _TAMPER,
            "opened_housing_alerts_at_once_and_until_it_is_closed",
            "clock_may_drift_by_five_seconds_a_day_and_by_ten_at_a_door",
        ),
        "G01": _cases(_RULES, "g01_a_silent_device_is_found_and_its_neighbour_is_not"),
        "G02": _cases(_LEVELS, "g02_a_day_without_any_change_is_frozen"),
        "G03": _cases(_LEVELS, "g03_the_lowest_of_a_week_is_outdoor_air"),
        "G04": _cases(
            _GATEWAY,
            "all_devices_silent_at_once_are_one_finding_for_the_gateway",
            "half_of_the_devices_and_at_least_two",
        ),
        "G05": _cases(_RULES, "g05_counts_missing_samples_of_a_day"),
        "G06": _cases(_QUALITY, "three_in_a_minute_chatter_and_two_do_not"),
    }
)
"""By rule."""

NO_CODE = "no code yet"

MISSING: Mapping[str, str] = MappingProxyType({})
"""Rules without the two tests, and why. A rule that gets code must leave this list."""
