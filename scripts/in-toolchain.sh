# Sourced by what compiles. Owns where the toolchain sees files: `work`, a folder for this run that is removed at its end, and
# `run COMMAND ...`, which runs a command of the toolchain in there.
toolchain=$(scripts/toolchain.sh)
case "$toolchain" in
  path) root=; work=${tree:-$(mktemp -d)} ;;
  "chroot "*) root=${toolchain#chroot }; work=${tree:-$(mktemp -d "$root/tmp/wanttls.XXXXXX")} ;;
esac
[ -n "${tree:-}" ] || trap 'rm -rf "$work"' EXIT # else it is the caller's

run() { # by its path inside the toolchain's root
  if [ -z "$root" ]; then (cd "$work" && "$@"); else chroot "$root" /bin/sh -c 'cd "$1" && shift && exec "$@"' sh "${work#"$root"}" "$@"; fi
}
