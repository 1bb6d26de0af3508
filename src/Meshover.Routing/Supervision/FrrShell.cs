using System.Collections.Immutable;
using Meshover.Routing.Backends;
using Meshover.Routing.Vtysh;

namespace Meshover.Routing.Supervision;

/// <summary>FRR's own shell on this node's own FRR, for a process other than <c>meshover routing</c>.</summary>
public static class FrrShell
{
    /// <summary>The program and its arguments; commands come after them. In a container that FRR runs in it is that container's shell.</summary>
    public static (string Program, ImmutableArray<string> Arguments) Find(RoutingOptions options)
    {
        var daemons = FrrProcessScan.TakeAnywhere(new FrrFiles(options)).Values;
        var inside = daemons.FirstOrDefault(daemon => ProcFacts.ProcessNamespace($"{daemon.Pid}") != ProcFacts.ProcessNamespace("self"));
        var vtysh = inside is null ? new ToolCommand(Path.Combine(options.VtyshBinaries, "vtysh")) : ContainerPaths.Vtysh(inside);
        return (vtysh.Program, [.. vtysh.Arguments, .. VtyshRunner.BaseArguments(options)]);
    }
}
