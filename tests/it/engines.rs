//! Runs tests that support any database on the databases that have a server.

use playback::store::dialect::Engine;

use crate::servers;

macro_rules! also {
    ($($module:ident: $($name:ident)*;)*) => {
        $(
            mod $module {
                $(
                    mod $name {
                        #[test]
                        fn postgres() {
                            super::super::servers::on(
                                super::super::Engine::Postgres,
                                crate::$module::$name,
                            );
                        }

                        #[test]
                        fn mysql() {
                            super::super::servers::on(
                                super::super::Engine::MySql,
                                crate::$module::$name,
                            );
                        }
                    }
                )*
            }
        )*
    };
}

also! {
    audit:
        each_change_is_entered_with_who_why_and_what_was_there_before
        a_changed_a_missing_and_an_added_entry_are_found_out
        a_collector_that_is_killed_leaves_no_change_without_its_entry;
    clocks:
        a_lost_run_ends_at_its_last_sign_of_life
        a_sign_of_life_is_not_forgotten_by_a_collector_that_is_killed
        times_of_a_run_whose_clock_is_wrong_are_corrected_by_when_it_reported
        retention_goes_by_corrected_times_and_believes_a_spool_that_comes_late
        retention_spares_a_run_that_has_just_arrived_whatever_year_it_says;
    compare:
        an_inserted_a_moved_and_a_renamed_task_shift_nothing
        outcomes_fields_and_durations_are_compared_by_task_and_host
        loop_items_are_compared_by_their_labels
        printed_lines_differ_by_more_than_times_and_order
        of_thousands_of_hosts_a_transition_names_the_first
        what_limits_a_comparison_is_said
        without_a_name_the_last_success_of_the_same_kind_is_meant
        the_matrix_has_what_the_results_say;
    crash:
        killed_at_random_points_it_keeps_what_it_acknowledged_once
        asked_to_end_it_answers_what_is_open_and_says_goodbye;
    damaged:
        batches_whose_last_line_is_not_ended_stay_whole_when_they_are_packed
        a_damaged_block_is_shown_as_such_with_everything_else_of_its_run;
    detail:
        the_record_and_its_parts
        parts_are_paged_and_filtered
        waiting_ends_with_the_run_or_with_the_time
        deleting_forgets_a_finished_run_alone
        a_deletion_that_meets_late_batches_leaves_all_or_nothing;
    explain:
        hosts_with_the_same_error_are_one_group
        an_error_is_known_by_its_runs_and_by_when_its_task_last_worked
        what_was_handled_stands_apart
        explanations_are_those_of_an_obvious_search
        what_is_gone_is_said_and_no_longer_counted
        a_supervisor_that_began_earlier_moves_the_time_of_errors;
    export:
        every_format_has_what_the_api_lists
        rows_are_narrowed_as_asked
        a_junit_file_has_a_test_case_for_each_task_and_host;
    import:
        another_collector_makes_the_identical_record
        what_is_there_or_was_deleted_is_refused;
    ingest:
        plain_and_compressed_batches_are_the_same
        a_gap_is_answered_with_where_to_resume
        repeated_and_partly_repeated_batches_change_nothing
        a_second_process_with_the_same_id_is_refused
        unknown_kinds_and_fields_are_kept
        absurd_numbers_spoil_nothing_else;
    later:
        a_retracted_result_is_marked_and_does_not_count
        a_host_that_the_recap_does_not_list_is_not_in_the_record
        what_templates_came_to_is_told_by_results
        a_loop_with_an_item_that_was_tried_again_is_retried;
    launch:
        runs_wait_for_their_turn_also_through_a_restart
        ten_runs_at_once_are_complete_though_the_collector_is_killed_twice;
    list:
        every_filter_finds_what_it_names_and_filters_combine
        an_entry_has_the_documented_fields_and_those_asked_for_alone
        a_running_entry_carries_the_tail_of_its_output
        pages_neither_repeat_nor_skip_while_new_runs_arrive
        the_last_page_says_that_it_is_the_last
        what_cannot_be_meant_is_refused_in_the_one_shape
        extreme_numbers_are_answered
        a_run_that_began_earlier_than_its_recorder_said_is_found_by_host
        requests_that_nobody_waits_for_take_no_connection_away;
    metrics:
        promtool_finds_nothing_to_complain_of
        each_playbook_tells_its_last_success_and_duration_and_the_number_is_bounded;
    output:
        lines_are_what_was_printed_whatever_the_pieces
        an_open_line_of_a_running_run_is_shown_when_it_is_ended
        other_runs_are_not_mixed_in;
    ownership:
        only_who_holds_its_key_adds_to_a_run
        a_run_that_was_deleted_does_not_come_again;
    query:
        a_query_finds_what_it_says;
    rebuild:
        a_restart_goes_on_from_the_log;
    retention:
        by_age_as_documented
        every_limit_removes_what_it_says
        without_its_log_a_record_says_so
        what_is_pinned_stays
        a_run_whose_pin_was_acknowledged_outlives_a_deletion_at_the_same_time
        a_run_whose_pin_was_acknowledged_outlives_a_cleanup_at_the_same_time
        deleting_a_large_run_holds_up_nobody
        a_cleanup_while_batches_come_in_loses_nothing
        killed_in_its_middle_each_run_is_whole_or_gone;
    search:
        pages_of_any_size_hold_the_same_lines_in_the_same_order
        lines_are_counted_by_facets
        what_was_deleted_or_redacted_is_not_found
        a_running_run_is_searched_as_far_as_it_is
        random_queries_find_what_reading_everything_finds;
    sessions:
        a_session_is_not_the_token_and_ends_with_the_logout
        a_revoked_token_takes_its_sessions_and_streams_along;
    silence:
        a_silent_run_is_lost_and_says_what_is_missing
        a_restart_in_between_changes_nothing;
    stats:
        the_figures_are_those_of_the_runs
        every_filter_counts_what_the_list_finds
        groups_are_counted_each_and_are_the_same_rolled_up
        a_late_end_a_rebuilt_row_and_a_deletion_are_seen_at_once;
    stream:
        early_late_and_afterwards_all_see_the_same
        two_hundred_viewers_see_every_line_once
        a_restart_of_the_collector_closes_with_a_reason_and_since_goes_on
        the_feed_tells_of_start_change_end_and_deletion
        a_change_is_read_once_for_all_who_watch_the_feed;
    trends:
        a_change_of_durations_is_told_with_its_run_and_commit
        what_passes_and_fails_in_turn_is_flaky
        a_running_execution_is_judged_by_those_like_it;
}
