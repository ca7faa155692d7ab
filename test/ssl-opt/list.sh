# Put into tests/ssl-opt.sh in front of its first case: instead of running a scenario, write it to file descriptor 3: name, proxy,
# server's and client's command, the client's status, and the assertions, each ended by NUL, and all by a field of the one character 1.
do_run_test_once() { CLI_EXIT=0 SRV_RET=0; }
check_test_failure() {
    printf '%s\0' "$NAME" "$PXY_CMD" "$SRV_CMD" "$CLI_CMD" "$CLI_EXPECT" "$@" >&3
    printf '\1\0' >&3
    outcome=PASS
}
print_name() { :; }
record_outcome() { :; }
