#!/bin/sh
# playback-shim 1: made by "playback shim install", removed by "playback shim uninstall".
# Runs the @PROGRAM@ that comes next in PATH, recorded by "playback exec" where that works. Whatever is wrong
# with Playback, Ansible runs. All names begin with "_playback_": an assignment would change an exported variable.
_playback_program=@PROGRAM@
_playback_binary=@PLAYBACK@
# Where the real program was when the shim was made; used where PATH has none.
_playback_known=@KNOWN@

_playback_is_shim() {
    { read -r _playback_line && read -r _playback_line; } 2>/dev/null <"$1" || return 1
    case $_playback_line in '# playback-shim '*) return 0 ;; esac
    return 1
}

# What this shim, or another, has started on the way here. pyenv, asdf and the like look through PATH again and find
# a shim: within one process that is a circle at once; below another process, Ansible may run Ansible, but not forever.
_playback_chain=${PLAYBACK_SHIM_CHAIN-}
_playback_seen=:
case $_playback_chain in "$$:"* | "$PPID:"*) _playback_seen=:${_playback_chain#*:}: ;; esac
_playback_chain=:${_playback_chain#*:}:

_playback_usable() {
    [ -f "$1" ] && [ -x "$1" ] || return 1
    case $_playback_seen in *":$1:"*) return 1 ;; esac
    case $_playback_chain in *":$1:"*":$1:"*":$1:"*":$1:"*":$1:"*) return 1 ;; esac
    ! _playback_is_shim "$1"
}

_playback_real=
_playback_rest=${PATH-/usr/local/bin:/usr/bin:/bin}:
while [ -n "$_playback_rest" ]; do
    _playback_file=${_playback_rest%%:*}
    _playback_file=${_playback_file:-.}/$_playback_program
    _playback_rest=${_playback_rest#*:}
    if _playback_usable "$_playback_file"; then
        _playback_real=$_playback_file
        break
    fi
done
if [ -z "$_playback_real" ] && _playback_usable "$_playback_known"; then
    _playback_real=$_playback_known
fi
if [ -z "$_playback_real" ]; then
    echo "playback: PATH has no $_playback_program but this shim ($0): is Ansible installed, or its virtualenv active?" >&2
    exit 127
fi
case $_playback_chain in
::) PLAYBACK_SHIM_CHAIN=$$:$_playback_real ;;
*) PLAYBACK_SHIM_CHAIN=$$$_playback_chain$_playback_real ;;
esac
export PLAYBACK_SHIM_CHAIN

# Not recorded: what is a part of a recorded run, what the user turns off, and what runs nothing.
_playback_record=yes
[ -z "${PLAYBACK_EXECUTION_ID-}" ] || _playback_record=
# "playback exec" around a script gives its record to the first Ansible in it.
[ -z "${PLAYBACK_OFFER-}" ] || [ ! -e "$PLAYBACK_OFFER" ] || _playback_record=
case ${PLAYBACK_DISABLED-} in [yYtT1]* | [oO][nN]) _playback_record= ;; esac
for _playback_word; do
    case $_playback_word in
    --) break ;;
    -h* | --h | --he | --hel | --help | --vers* | --sy* | --list*) _playback_record= ;;
    esac
done
if [ -n "$_playback_record" ]; then
    for _playback_binary in "$_playback_binary" playback; do
        # One that does not start, or is of another kind, prints something else.
        case $("$_playback_binary" exec --shim --version 2>/dev/null </dev/null) in
        playback*[0-9].[0-9]*) exec "$_playback_binary" exec --shim -- "$_playback_real" "$@" ;;
        esac
    done
    echo "playback: this run is not recorded: the shim finds no \"playback\" that works" >&2
fi
exec "$_playback_real" "$@"
