using System.Collections.Immutable;
using System.Text;
using Meshover.Agent;
using Meshover.Cli.Hosting;

namespace Meshover.Cli.Supervision;

/// <summary>
/// Which daemons a supervisor keeps, as it writes down at its start, one a line: that one of them is dead at this moment says nothing about it.
/// </summary>
internal static class KeptDaemons
{
    public static void Write(NodePaths paths, ImmutableArray<string> daemons) =>
        AtomicFile.Write(paths.KeptDaemonsFile, Encoding.ASCII.GetBytes(string.Join('\n', daemons)));

    /// <summary>Null: the supervisor is of a release that wrote nothing down.</summary>
    public static ImmutableArray<string>? Read(NodePaths paths)
    {
        try
        {
            return [.. File.ReadAllLines(paths.KeptDaemonsFile)];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
