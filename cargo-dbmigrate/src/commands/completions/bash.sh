# Completes `cargo dbmigrate` and `cargo-dbmigrate` in bash. To be sourced after the completion of cargo itself, which
# goes on to complete everything else that follows `cargo`.

# Completes the words from the one at $1 on; $2 is what bash takes for the word that is being typed.
_cargo_dbmigrate_from() {
    local at=$1 typed=$2 words=() word= glued=
    # Bash parts words at `=` and `:`; the program gets them as they were typed.
    for ((; at <= COMP_CWORD; at++)); do
        word=${COMP_WORDS[at]}
        if [[ ${#words[@]} -gt 0 && ( -n $glued || $word == [=:] ) ]]; then
            words[${#words[@]}-1]+=$word
        else
            words+=("$word")
        fi
        [[ $word == *[=:] ]] && glued=1 || glued=
    done
    local last=${words[${#words[@]}-1]} value help
    COMPREPLY=()
    while IFS=$'\t' read -r value help; do
        COMPREPLY+=("${value#"${last%"$typed"}"}")
    done < <(cargo-dbmigrate complete-words -- "${words[@]}" 2> /dev/null)
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=/:] ]] && compopt -o nospace 2> /dev/null
    return 0
}

_cargo_dbmigrate() {
    _cargo_dbmigrate_from 0 "$2"
}

_cargo_with_dbmigrate() {
    local at=1
    [[ ${COMP_WORDS[1]} == +* ]] && at=2
    if [[ ${COMP_WORDS[at]} == dbmigrate && $COMP_CWORD -gt $at ]]; then
        _cargo_dbmigrate_from "$at" "$2"
    elif [[ -n $_cargo_without_dbmigrate ]]; then
        "$_cargo_without_dbmigrate" "$@"
    fi
}

# What completes cargo so far. Some systems load it only when it is asked for the first time.
if ! complete -p cargo &> /dev/null; then
    if declare -F _comp_load &> /dev/null; then
        _comp_load cargo &> /dev/null
    elif declare -F _completion_loader &> /dev/null; then
        _completion_loader cargo &> /dev/null
    fi
fi
if [[ $(complete -p cargo 2> /dev/null) =~ -F\ ([^ ]+) && ${BASH_REMATCH[1]} != _cargo_with_dbmigrate ]]; then
    _cargo_without_dbmigrate=${BASH_REMATCH[1]}
fi
complete -o bashdefault -o default -F _cargo_with_dbmigrate cargo
complete -o bashdefault -o default -F _cargo_dbmigrate cargo-dbmigrate
