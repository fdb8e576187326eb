# Completes `cargo dbmigrate` and `cargo-dbmigrate` in fish, beside what completes the rest of cargo.

# The words before the cursor, from `dbmigrate` on; none where cargo is to do something else.
function __cargo_dbmigrate_words
    set -l words (commandline -opc)
    if test "$words[1]" = cargo
        set -e words[1]
        string match -q -- '+*' "$words[1]"; and set -e words[1]
        test "$words[1]" = dbmigrate; or return 1
    end
    printf '%s\n' $words
end

function __cargo_dbmigrate_complete
    cargo-dbmigrate complete-words -- (__cargo_dbmigrate_words) (commandline -ct) 2>/dev/null
end

complete -c cargo -n '__cargo_dbmigrate_words >/dev/null' -f -k -a '(__cargo_dbmigrate_complete)'
complete -c cargo-dbmigrate -f -k -a '(__cargo_dbmigrate_complete)'
