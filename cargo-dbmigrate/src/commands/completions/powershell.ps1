# Completes `cargo dbmigrate` and `cargo-dbmigrate` in PowerShell. It is registered for `cargo`, too, and takes the place
# of what else is registered for that.

Register-ArgumentCompleter -Native -CommandName 'cargo', 'cargo-dbmigrate' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $words = @($commandAst.CommandElements |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { $_.Extent.Text })
    if ($words.Count -gt 0 -and $words[0] -eq 'cargo') {
        $words = @($words | Select-Object -Skip 1)
        if ($words.Count -gt 0 -and $words[0].StartsWith('+')) {
            $words = @($words | Select-Object -Skip 1)
        }
        if ($words.Count -eq 0 -or $words[0] -ne 'dbmigrate') {
            return
        }
    }
    $words += if ($wordToComplete) { $wordToComplete } else { '""' }
    cargo-dbmigrate complete-words -- @words 2>$null | ForEach-Object {
        $value, $help = $_ -split "`t", 2
        if (-not $help) { $help = $value }
        [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $help)
    }
}
