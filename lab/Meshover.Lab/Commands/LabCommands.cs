using System.CommandLine;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.Lab.Reach;
using Meshover.Lab.Underlays;

namespace Meshover.Lab.Commands;

/// <summary>The command line of <c>meshover-lab</c>; its users come through <c>./dev</c>.</summary>
internal static class LabCommands
{
    private static readonly Option<string> Prefix = new("--prefix")
    {
        Description = "Prefix of the names of the lab's network namespaces.",
        DefaultValueFactory = _ => LabOptions.DefaultPrefix,
        Recursive = true,
    };

    public static RootCommand Create(TimeProvider time)
    {
        Prefix.Validators.Add(result =>
        {
            var prefix = result.GetValueOrDefault<string>();
            if (prefix.Length is 0 or > 8 || !prefix.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'))
                result.AddError("--prefix takes 1 to 8 lower-case letters, digits and hyphens.");
        });
        return new RootCommand("A whole mesh on this machine: underlay, controller, nodes and a workload behind each, in namespaces.")
        {
            Prefix, Up(time), Demo(time), Down(), ConsoleOf(),
        };
    }

    private static Command Up(TimeProvider time)
    {
        var nodes = new Option<int>("--nodes") { Description = $"1 to {AddressPlan.MostNodes}.", DefaultValueFactory = _ => 3 };
        var underlay = new Option<UnderlayKind>("--underlay") { Description = "flat: one segment; routed: one for each node; nat: n1 and n2 behind NATs." };
        var check = new Option<bool>("--check") { Description = "Verify every pair and end; the exit status is the verdict." };
        var detach = new Option<bool>("--detach") { Description = "Return as soon as every pair is reachable; `down` ends the lab." };
        var json = new Option<bool>("--json") { Description = "Verify every pair and print the result as JSON, nothing else, on stdout." };
        var keep = new Option<bool>("--keep") { Description = "Keep a lab that did not come up, so that you can look at it." };
        var frr = new Option<string[]>("--frr")
        {
            Description = "The release of FRR for all nodes (8.4, 10.3 or 10.7), or for one, as in n2=10.3; may be repeated. Default: this machine's.",
            HelpName = "[NODE=]RELEASE",
        };
        nodes.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > AddressPlan.MostNodes) result.AddError($"--nodes takes 1 to {AddressPlan.MostNodes}.");
        });
        var command = new Command("up", "Bring a mesh up and stay until Ctrl-C.") { nodes, underlay, frr, check, detach, json, keep };
        command.SetAction((parsed, ct) => new UpCommand(
            new UpOptions
            {
                Lab = new LabOptions
                {
                    Prefix = parsed.GetValue(Prefix)!,
                    Nodes = parsed.GetValue(nodes),
                    Underlay = parsed.GetValue(underlay),
                    Systems = SystemsOf(parsed.GetValue(frr) ?? [], parsed.GetValue(nodes)),
                },
                Check = parsed.GetValue(check),
                Detach = parsed.GetValue(detach),
                Json = parsed.GetValue(json),
                Keep = parsed.GetValue(keep),
            },
            time).RunAsync(ct));
        return command;
    }

    private static Command Demo(TimeProvider time)
    {
        var command = new Command("demo", "A mesh of twelve nodes in four sites, with traffic and a fault now and then, to look at in the console, until Ctrl-C.");
        command.SetAction((parsed, ct) => new DemoCommand(parsed.GetValue(Prefix)!, time).RunAsync(ct));
        return command;
    }

    private static Dictionary<string, string> SystemsOf(string[] releases, int nodes)
    {
        var systems = new Dictionary<string, string>();
        foreach (var each in releases.Select(text => text.Split('=', 2)))
            foreach (var node in each is [var name, _] ? [name] : Enumerable.Range(1, nodes).Select(AddressPlan.NodeName))
                if (OtherSystem.WithFrr(each[^1]) is { } system) systems[node] = system;
        return systems;
    }

    private static Command ConsoleOf()
    {
        var command = new Command("console", "Lead a browser of this machine to the web console of a lab that is up, until Ctrl-C.");
        command.SetAction(async (parsed, ct) =>
        {
            var paths = new LabPaths(parsed.GetValue(Prefix)!);
            var controller = new Machine(paths, UnderlayPlanner.ControllerName);
            if (!File.Exists(controller.NetworkPath)) throw new LabException("there is no lab to look at: ./dev up starts one");
            using var door = ConsoleDoor.Open(controller);
            Console.WriteLine($"{await door.LinkAsync(ct)}\nThis link signs in once; the browser will say that it does not know the mesh's own certificate. Ctrl-C ends the way to the console.");
            await door.ServeAsync(ct);
        });
        return command;
    }

    private static Command Down()
    {
        var command = new Command("down", "End the lab and leave nothing of it behind.");
        command.SetAction((parsed, _) => LabMesh.RemoveAsync(new LabPaths(parsed.GetValue(Prefix)!)));
        return command;
    }
}
