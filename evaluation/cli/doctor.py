"""`clstm doctor`: is everything installed?"""

import typer

from clstm.runtime.commands import WATCH, Commands
from clstm.runtime.console import console, say

app = Commands(WATCH)


@app.command("doctor")
def doctor_command() -> None:
    """Check the installation: FluidSynth, SoundFont, libraries; show the command that fixes what is missing.

    The exit status is 0 if everything needed is there, 1 if not.

    For example:

        clstm doctor
    """
    import platformdirs

    from clstm.runtime.errors import MissingToolError
    from evaluation import doctor
    from evaluation.audio.installed import installed_soundfonts
    from evaluation.audio.synthesizer import default_soundfont

    try:
        soundfont = default_soundfont()
    except MissingToolError:
        soundfont = None
    findings = doctor.examine(soundfont, platformdirs.user_cache_path("clstm"), installed_soundfonts())
    console.print(doctor.table(findings))
    for finding in findings:
        if finding.fix:
            say(f"{finding.name}: {finding.fix}")
    if not doctor.fit(findings):
        raise typer.Exit(1)
