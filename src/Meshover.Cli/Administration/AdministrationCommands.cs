using System.CommandLine;

namespace Meshover.Cli.Administration;

/// <summary>The administrator's commands: <c>token</c>, <c>node</c>, <c>grant</c>, <c>audit</c>, <c>why</c>, <c>check</c>. They speak to the controller's admin socket.</summary>
internal static class AdministrationCommands
{
    /// <summary>The command objects, to be mounted below the root command.</summary>
    public static IReadOnlyList<Command> Create()
    {
        Command[] commands = [TokenCommands.Create(), NodeCommands.Create(), GrantCommands.Create(), AuditCommand.Create(), WhyCommand.Create(), CheckCommand.Create()];
        foreach (var command in commands)
            command.Options.Add(AdminOptions.Socket);
        return commands;
    }
}
