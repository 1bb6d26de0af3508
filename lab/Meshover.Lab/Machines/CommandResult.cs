namespace Meshover.Lab.Machines;

/// <summary>How a command inside a machine ended.</summary>
public sealed record CommandResult(string Command, int ExitCode, string Output, string Error)
{
    /// <summary>Its output, where it ended well.</summary>
    /// <exception cref="LabException">It did not.</exception>
    public string Checked() => ExitCode == 0
        ? Output
        : throw new LabException($"`{Command}` exited with status {ExitCode}: {(Error.Length > 0 ? Error : Output).Trim()}");
}
