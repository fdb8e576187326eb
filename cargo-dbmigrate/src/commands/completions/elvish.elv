# Completes `cargo dbmigrate` and `cargo-dbmigrate` in elvish, beside what completes the rest of cargo.

use str

fn cargo-dbmigrate-complete {|@words|
  try { (external cargo-dbmigrate) complete-words -- $@words 2>/dev/null } catch { nop } | from-lines | each {|line|
    var parts = [(str:split &max=2 "\t" $line)]
    var display = $parts[0]
    if (> (count $parts) 1) {
      set display = $parts[0]'  '$parts[1]
    }
    edit:complex-candidate $parts[0] &display=$display
  }
}

var cargo-without-dbmigrate = {|@words| }
if (has-key $edit:completion:arg-completer cargo) {
  set cargo-without-dbmigrate = $edit:completion:arg-completer[cargo]
}
set edit:completion:arg-completer[cargo-dbmigrate] = $cargo-dbmigrate-complete~
set edit:completion:arg-completer[cargo] = {|@words|
  if (and (> (count $words) 2) (==s $words[1] dbmigrate)) {
    cargo-dbmigrate-complete (all $words[1..])
  } else {
    $cargo-without-dbmigrate $@words
  }
}
