using Meshover.Agent.Configuration;

namespace Meshover.Cli.CommandLine;

internal static class ConfigErrors
{
    /// <summary>Settings that cannot be used are the user's to correct, like a wrong command line: exit code 2.</summary>
    public static T AsUsage<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (ConfigurationException e)
        {
            throw new CliException(e.Message, ExitCode.Usage, e);
        }
    }
}
