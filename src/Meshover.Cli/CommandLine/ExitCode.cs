namespace Meshover.Cli.CommandLine;

/// <summary>What the process says at its end.</summary>
internal static class ExitCode
{
    public const int Fine = 0;

    /// <summary>It failed; one sentence on stderr says what, why and what to do.</summary>
    public const int Error = 1;

    /// <summary>The command line or the configuration cannot be used; nothing was done.</summary>
    public const int Usage = 2;

    /// <summary>The node is up, but something about it is not as it should be; `meshover status` says what.</summary>
    public const int Degraded = 3;
}
