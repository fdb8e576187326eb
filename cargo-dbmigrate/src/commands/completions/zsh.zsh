#compdef cargo-dbmigrate
# Completes `cargo dbmigrate` and `cargo-dbmigrate` in zsh: the completion of cargo calls a function of this name for
# a subcommand that it does not know.

_cargo-dbmigrate() {
    local line value help
    local -a described unfinished
    for line in "${(@f)$(cargo-dbmigrate complete-words -- dbmigrate "${(@)words[2,CURRENT-1]}" "$PREFIX" 2> /dev/null)}"; do
        value=${line%%$'\t'*}
        help=${${line#"$value"}#$'\t'}
        [[ -z $value ]] && continue
        if [[ $value == *[=/:] ]]; then
            unfinished+=("$value")
        else
            described+=("${value//:/\\:}${help:+:$help}")
        fi
    done
    (( $#described + $#unfinished )) || return 1
    (( $#unfinished )) && compadd -S '' -- $unfinished
    (( $#described )) && _describe -V 'cargo dbmigrate' described
    return 0
}

# Where nothing completes cargo, this does so for `dbmigrate` alone.
_cargo_only_dbmigrate() {
    (( CURRENT > 2 )) && [[ $words[2] == dbmigrate ]] || return 1
    shift words
    (( CURRENT-- ))
    _cargo-dbmigrate
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _cargo-dbmigrate "$@"
else
    compdef _cargo-dbmigrate cargo-dbmigrate
    (( $+_comps[cargo] )) || compdef _cargo_only_dbmigrate cargo
fi
