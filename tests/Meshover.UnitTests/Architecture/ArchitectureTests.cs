using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Meshover.UnitTests.Architecture;

/// <summary>The walls of the house. Each rule says why it stands; who must break one changes the rule, and its reason, first.</summary>
public sealed partial class ArchitectureTests
{
    private static string Root => Repository.Root;

    [Theory]
    [InlineData("src/Meshover.Mesh", "", "the domain is pure: it can be tested, moved and trusted without anything else")]
    [InlineData("src/Meshover.Linux", "", "the kernel's room knows nothing of meshes, so that it serves the engine, the agent and the lab alike")]
    [InlineData("src/Meshover.Contract", "", "generated code only: what is said on the wire depends on nobody's types")]
    [InlineData("src/Meshover.Metrics", "", "a format for numbers, whosever they are: agent and controller write it, and share nothing else by it")]
    [InlineData("src/Meshover.Telemetry", "", "how programs log and trace is the same for all of them, and knows nothing of what they do")]
    [InlineData("src/Meshover.WireGuard", "Meshover.Linux", "the engine runs alone, also in meshes that are not ours")]
    [InlineData("src/Meshover.Routing", "Meshover.Linux Meshover.Mesh", "FRR is kept alive without an agent; it needs the model that it renders, and processes")]
    [InlineData("src/Meshover.Agent", "Meshover.Contract Meshover.Linux Meshover.Mesh Meshover.Metrics Meshover.Routing Meshover.Telemetry Meshover.WireGuard", "the agent joins the rooms of a node, and never knows the controller but by the contract")]
    [InlineData("src/Meshover.Console", "", "pages speak of the mesh in their own words: they can be read, tested and served without a controller")]
    [InlineData("src/Meshover.Controller", "Meshover.Console Meshover.Contract Meshover.Mesh Meshover.Metrics Meshover.Telemetry", "the controller never touches a kernel or a node's room: it runs anywhere")]
    [InlineData("src/Meshover.Names", "Meshover.Contract Meshover.Linux", "names are answered from the map on disk, by the contract, and without an agent")]
    [InlineData("src/Meshover.Cli", "Meshover.Agent Meshover.Contract Meshover.Linux Meshover.Names Meshover.Routing Meshover.Telemetry Meshover.WireGuard", "the executable of a node holds its rooms, and not the controller")]
    [InlineData("src/Meshover.Kube", "Meshover.Contract Meshover.Telemetry", "a cluster's API is followed by a program of its own, which knows the agent by the contract: the agent stays slim, and lives without it")]
    [InlineData("lab/Meshover.Lab", "Meshover.Contract Meshover.Linux", "the bench uses the programs as a user would, and none of their insides")]
    public void Projects_ReferenceOnlyWhatTheDesignAllows(string project, string allowed, string reason)
    {
        var file = Directory.GetFiles(Path.Combine(Root, project), "*.csproj").Single();
        var references = XDocument.Load(file).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')));
        var extra = references.Except(allowed.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToList();
        Assert.True(extra.Count == 0, $"{project} references {string.Join(", ", extra)}, but {reason}.");
    }

    [Fact]
    public void UnsafeCodeAndPInvoke_LiveInTheRoomsMadeForThem()
    {
        string[] allowed = ["src/Meshover.Linux/", "src/Meshover.WireGuard/Crypto/", "src/Meshover.WireGuard/Pipeline/", "src/Meshover.WireGuard/Io/", "lab/Meshover.Lab/"];
        var outside = Repository.Sources("src").Concat(Repository.Sources("lab"))
            .Where(path => !allowed.Any(room => path.StartsWith(room, StringComparison.Ordinal)))
            .Where(path => Unsafe().IsMatch(WithoutComments(File.ReadAllText(Path.Combine(Root, path)))))
            .ToList();
        Assert.True(outside.Count == 0, $"{string.Join(", ", outside)}: unsafe code and P/Invoke can corrupt anything, so they are kept "
            + "where the kernel, libcrypto and the packets are handled, and reviewed there.");
    }

    [Fact]
    public void Engine_MeetsTheKernelOnlyInIo() => AssertNoReferences(
        typeof(Meshover.WireGuard.DataplaneDaemon).Assembly,
        from => !IsIn(from, "Meshover.WireGuard.Io"),
        to => IsIn(to, "Meshover.Linux") && !IsIn(to, "Meshover.Linux.LocalSockets"),
        "what programs of one machine say to each other is the same for all of them and no matter of the kernel's; for the rest the protocol, its sessions and the pipeline are tested without a kernel, and another system's I/O could take its place");

    [Fact]
    public void Protocol_KnowsNoSocketsFilesThreadsOrTimers() => AssertNoReferences(
        typeof(Meshover.WireGuard.DataplaneDaemon).Assembly,
        from => IsIn(from, "Meshover.WireGuard.Noise") || IsIn(from, "Meshover.WireGuard.Session"),
        to => IsIn(to, "System.IO") || IsIn(to, "System.Net") || to == typeof(Thread) || to == typeof(Timer)
            || to == typeof(System.Diagnostics.Stopwatch) || IsIn(to, "Meshover.WireGuard.Io") || IsIn(to, "Meshover.WireGuard.Pipeline"),
        "bytes and the time go in, what to do comes out: each rule of WireGuard is tested in virtual time, and no rule can block");

    /// <summary>From the bottom to the top; each may use those before it. The two faces, Uapi and Control, stand beside each other.</summary>
    private static readonly string[] EngineRooms = ["Crypto", "Keys", "Noise", "Session", "Io", "Pipeline", "Uapi", "Control"];

    public static TheoryData<string> Rooms => [.. EngineRooms[..^2]];

    [Theory]
    [MemberData(nameof(Rooms))]
    public void Engine_ItsRoomsStandOneOnTheOther(string room) => AssertNoReferences(
        typeof(Meshover.WireGuard.DataplaneDaemon).Assembly,
        from => IsIn(from, $"Meshover.WireGuard.{room}"),
        to => EngineRooms[(Array.IndexOf(EngineRooms, room) + 1)..].Any(above => IsIn(to, $"Meshover.WireGuard.{above}")),
        "a room can be read, and its tests run, without what stands above it");

    [Fact]
    public void Domain_DoesNoInputOrOutputAndReadsNoClock() => AssertNoReferences(
        typeof(Meshover.Mesh.Map.MeshMap).Assembly,
        _ => true,
        to => IsIn(to, "System.IO") || IsIn(to, "System.Diagnostics") || IsIn(to, "System.Threading")
            || to == typeof(System.Net.Sockets.Socket) || to == typeof(TimeProvider) || to == typeof(System.Net.Dns) || to == typeof(System.Diagnostics.Stopwatch),
        "planning is a pure function of its inputs; time is one of them");

    [Fact]
    public void ProtobufTypes_StopAtTheAgentsAdapters() => AssertNoReferences(
        typeof(Meshover.Agent.AgentDaemon).Assembly,
        from => !IsIn(from, "Meshover.Agent.ControllerLink") && !IsIn(from, "Meshover.Agent.LocalApi")
            && from.Name is not ("NodeReportDiff" or "Enrolment"),
        IsProtobuf,
        "the contract changes by its own rules; the agent's state is made of the domain's types");

    [Fact]
    public void ProtobufTypes_StayOutOfTheControllersStateAndStore() => AssertNoReferences(
        Assembly.Load("meshover-controller"),
        from => IsIn(from, "Meshover.Controller.State") || IsIn(from, "Meshover.Controller.Stores") || IsIn(from, "Meshover.Controller.Membership")
            || IsIn(from, "Meshover.Controller.Identity") || IsIn(from, "Meshover.Controller.Changes"),
        IsProtobuf,
        "what is stored outlives releases of the contract");

    [Fact]
    public void Administration_KnowsNoneOfItsFaces() => AssertNoReferences(
        Assembly.Load("meshover-controller"),
        from => IsIn(from, "Meshover.Controller.Administration"),
        to => IsProtobuf(to) || IsIn(to, "Grpc") || IsIn(to, "Microsoft.AspNetCore") || IsIn(to, "Meshover.Controller.Api") || IsIn(to, "Meshover.Controller.Streaming")
            || IsIn(to, "Meshover.Console") || IsIn(to, "Meshover.Controller.Console")
            || IsIn(to, "Meshover.Controller.Hosting"),
        "gRPC, HTTP and a console do the same by it, so it speaks of nothing that only one of them knows");

    [Fact]
    public void KernelTypes_StopAtTheAgentsReconcilersAndWatchers() => AssertNoReferences(
        typeof(Meshover.Agent.AgentDaemon).Assembly,
        from => !IsIn(from, "Meshover.Agent.Reconciling") && !IsIn(from, "Meshover.Agent.Endpoints") && !IsIn(from, "Meshover.Agent.Announcing.Kernel")
            && from.Name is not ("AgentDaemon" or "RttProbe" or "OutsideCheck" or "SpeakerSource" or "CheckProbe" or "RouteExplanation" or "WayQueries" or "Enrolment" or "PoolOverlap" or "AtomicFile" or "AgentLock"),
        to => IsIn(to, "Meshover.Linux"),
        "state and plans are made without a kernel, so that they are tested without one");

    [Theory]
    [InlineData("Meshover.Cli.Daemons.DataplaneCommand")]
    [InlineData("Meshover.Cli.Daemons.RoutingCommand")]
    public void DataplaneAndRouting_ReachNoTypeOfTheAgent(string entryPoint)
    {
        var start = Assembly.Load("meshover").GetType(entryPoint, throwOnError: true)!;
        var reached = TypeReferences.Closure(start)
            .SelectMany(type => TypeReferences.Of(type).Select(used => (type, used)))
            .Where(pair => IsIn(pair.used, "Meshover.Agent"))
            .Select(pair => $"{pair.type.FullName} -> {pair.used.FullName}").ToList();
        Assert.True(reached.Count == 0, $"{string.Join("; ", reached)}: packets and routes must go on when the agent is broken, stopped or "
            + "upgraded, so these two daemons hold nothing of it.");
    }

    [Fact]
    public void AgentAndController_NeverKnowEachOther()
    {
        Assert.DoesNotContain("Meshover.Agent", Names(Assembly.Load("meshover-controller")));
        Assert.DoesNotContain("meshover-controller", Names(typeof(Meshover.Agent.AgentDaemon).Assembly));
    }

    private static IEnumerable<string?> Names(Assembly assembly) => assembly.GetReferencedAssemblies().Select(name => name.Name);

    private static bool IsProtobuf(Type type) => IsIn(type, "Meshover.Contract") || IsIn(type, "Google.Protobuf");

    private static bool IsIn(Type type, string room) =>
        type.Namespace is { } space && (space == room || space.StartsWith(room + ".", StringComparison.Ordinal));

    private static void AssertNoReferences(Assembly assembly, Func<Type, bool> from, Func<Type, bool> to, string reason)
    {
        var found = TypeReferences.TypesOf(assembly).Where(from)
            .SelectMany(type => TypeReferences.Of(type).Where(to).Select(used => $"{type.FullName} -> {used.FullName}"))
            .ToList();
        Assert.True(found.Count == 0, $"{string.Join("; ", found)}: {reason}.");
    }

    private static string WithoutComments(string source) => Comment().Replace(source, "");

    [GeneratedRegex(@"\b(unsafe|DllImport|LibraryImport)\b", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Unsafe();

    [GeneratedRegex(@"//.*|""[^""\n]*""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Comment();
}
