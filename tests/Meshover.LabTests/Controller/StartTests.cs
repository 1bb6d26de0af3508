using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Meshover.Mesh.Addressing;

namespace Meshover.LabTests.Controller;

public sealed class StartTests
{
    [Fact]
    public async Task Init_Twice_IsRefused_AndTheMeshIsUntouched()
    {
        await using var controller = new ControllerProcess();
        await controller.InitAsync();
        var store = await File.ReadAllBytesAsync(Path.Combine(controller.State, "store.db"));

        (await ControllerProcess.RunAsync(["init", .. controller.Paths])).ShouldRefuse("already holds a mesh", "serve");

        Assert.Equal(store, await File.ReadAllBytesAsync(Path.Combine(controller.State, "store.db")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(controller.State));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(controller.State, "store.db")));
    }

    [Fact]
    public async Task Init_PoolThatOverlapsTheMachinesAddresses_IsRefused_AndNothingIsMade()
    {
        await using var controller = new ControllerProcess();
        var own = NetworkInterface.GetAllNetworkInterfaces().SelectMany(nic => nic.GetIPProperties().UnicastAddresses)
            .First(unicast => unicast.Address.AddressFamily == AddressFamily.InterNetwork).Address;

        var refused = await ControllerProcess.RunAsync(["init", .. controller.Paths, "--pool4", $"{Prefixes.Containing(own, 20)}"]);

        refused.ShouldRefuse("overlaps", own.ToString(), "--pool4");
        Assert.Empty(Directory.GetFileSystemEntries(controller.Root));
    }

    [Fact]
    public async Task Init_SeveralThingsWrong_SaysAllOfThem()
    {
        await using var controller = new ControllerProcess();
        var refused = await ControllerProcess.RunAsync(
            ["init", .. controller.Paths, "--pool4", "10.249.0.1/16", "--asn", "1-2", "--rest", "soon", "--address", "not an address"]);
        refused.ShouldRefuse("pool4", "asn", "rest", "address");
        Assert.Empty(Directory.GetFileSystemEntries(controller.Root));
    }

    [Fact]
    public async Task Init_StateThatCannotBeWritten_LeavesNothing()
    {
        await using var controller = new ControllerProcess();
        await File.WriteAllTextAsync(Path.Combine(controller.Root, "file"), "");
        var refused = await ControllerProcess.RunAsync(
            ["init", "--config", Path.Combine(controller.Root, "file", "controller.yaml"), "--state", controller.State, "--address", "192.0.2.1"]);
        refused.ShouldRefuse("Cannot write");
        Assert.False(Directory.Exists(controller.State));
    }

    [Fact]
    public async Task Serve_NotInitialised_SaysWhatToDo()
    {
        await using var controller = new ControllerProcess();
        (await ControllerProcess.RunAsync(["serve", .. controller.Paths])).ShouldRefuse("holds no mesh", "meshover-controller init");
    }

    [Fact]
    public async Task Serve_PortInUse_SaysWhatToDo()
    {
        await using var controller = new ControllerProcess();
        await controller.InitAsync();
        using var taken = new TcpListener(IPAddress.IPv6Any, controller.Port);
        taken.Server.DualMode = true;
        taken.Start();
        (await ControllerProcess.RunAsync(["serve", .. controller.Paths])).ShouldRefuse($"port {controller.Port} is in use", "--port");
    }

    [Fact]
    public async Task Serve_Twice_IsRefused()
    {
        await using var controller = new ControllerProcess();
        await controller.InitAsync();
        await controller.ServeAsync();
        (await ControllerProcess.RunAsync(["serve", .. controller.Paths, "--port", $"{ControllerProcess.FreePort()}"])).ShouldRefuse("another controller", "stop");
    }

    [Fact]
    public async Task Serve_UnknownKeyInTheConfiguration_IsRefusedWithItsPlace()
    {
        await using var controller = new ControllerProcess();
        await controller.InitAsync();
        await File.AppendAllTextAsync(controller.Config, "prot: 12913\n");
        (await ControllerProcess.RunAsync(["serve", .. controller.Paths])).ShouldRefuse("controller.yaml", "line", "prot");
    }

    [Fact]
    public async Task Serve_OtherPoolsThanTheMeshHas_IsRefused()
    {
        await using var controller = new ControllerProcess();
        await controller.InitAsync();
        var yaml = await File.ReadAllTextAsync(controller.Config);
        await File.WriteAllTextAsync(controller.Config, yaml.Replace("10.249.0.0/16", "10.248.0.0/16", StringComparison.Ordinal));
        (await ControllerProcess.RunAsync(["serve", .. controller.Paths])).ShouldRefuse("pool4", "10.249.0.0/16");
    }

    [Fact]
    public async Task Serve_StoreOfANewerRelease_IsRefused()
    {
        await using var controller = new ControllerProcess();
        await controller.InitAsync();
        SetSchemaVersion(Path.Combine(controller.State, "store.db"), 1000);
        (await ControllerProcess.RunAsync(["serve", .. controller.Paths])).ShouldRefuse("schema is version 1000");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4096)]
    [InlineData(8192)]
    [InlineData(12288)]
    public async Task Serve_DamagedStore_SaysInOneSentenceWhichFileItIsAndWhatToDo(int at)
    {
        await using var controller = new ControllerProcess();
        await controller.InitAsync();
        var store = Path.Combine(controller.State, "store.db");
        await using (var file = File.OpenWrite(store))
        {
            Assert.True(file.Length > at);
            file.Position = at;
            file.Write([.. Enumerable.Range(0, 4096).Select(i => (byte)(i * 37))]);
        }

        var ended = await ControllerProcess.RunAsync(["serve", .. controller.Paths]);

        ended.ShouldRefuse(store, "is damaged", "restore --replace");
        Assert.Equal(1, ended.ExitCode);
        Assert.DoesNotContain('\n', ended.Error);
    }

    [Fact]
    public async Task Store_LockedByAnotherProgram_IsSaidToTheAdministratorAndInTheLog_AndLaterChangesGoOn()
    {
        await using var controller = new ControllerProcess();
        await controller.InitAsync();
        await controller.ServeAsync();
        using var admin = new AdminClient(controller.AdminSocket);
        using (var other = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(controller.State, "store.db")};Pooling=False"))
        {
            other.Open();
            using var transaction = other.BeginTransaction(deferred: false);
            var refused = await Assert.ThrowsAsync<Grpc.Core.RpcException>(() => admin.TokenAsync());
            Assert.Equal(Grpc.Core.StatusCode.Unavailable, refused.StatusCode);
            Assert.Contains("another program holds a lock on it", refused.Status.Detail, StringComparison.Ordinal);
            await Until.TrueAsync("the log says it", TimeSpan.FromSeconds(10), () => controller.Log.Contains("holds a lock on it", StringComparison.Ordinal));
        }
        await admin.TokenAsync();
    }

    [Fact]
    public async Task BadConfiguration_EndsWith2_AndWhatMayHealWith1()
    {
        await using var controller = new ControllerProcess();
        Assert.Equal(2, (await ControllerProcess.RunAsync(["serve", "--no-such-option"])).ExitCode);
        Assert.Equal(2, (await ControllerProcess.RunAsync(["init", .. controller.Paths, "--asn", "1-2"])).ExitCode);
        await controller.InitAsync();
        using var taken = new TcpListener(IPAddress.IPv6Any, controller.Port);
        taken.Server.DualMode = true;
        taken.Start();
        Assert.Equal(1, (await ControllerProcess.RunAsync(["serve", .. controller.Paths])).ExitCode);
    }

    [Fact]
    public async Task Administration_IsNotServedToTheNetwork_AndTheSocketIsForRootAlone()
    {
        await using var controller = new ControllerProcess();
        var join = await controller.InitAsync();
        await controller.ServeAsync();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(controller.AdminSocket)!));
        // Kestrel makes the file, the controller tightens it a moment later; nobody gets through the directory meanwhile.
        await Until.TrueAsync("the socket is 0600", TimeSpan.FromSeconds(10), () => File.GetUnixFileMode(controller.AdminSocket) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));

        using var node = new TestNode(join, "a");
        var refused = await Assert.ThrowsAsync<Grpc.Core.RpcException>(async () =>
            await new Meshover.Contract.V1.AdminService.AdminServiceClient(node.Channel).ListNodesAsync(new Meshover.Contract.V1.ListNodesRequest()));
        Assert.Equal(Grpc.Core.StatusCode.Unimplemented, refused.StatusCode);

        // Routing takes a path in any case; the gate in front of administration must not be fooled by that.
        var shouted = new Grpc.Core.Method<byte[], byte[]>(Grpc.Core.MethodType.Unary, "MESHOVER.V1.ADMINSERVICE", "LISTNODES", Bytes, Bytes);
        refused = await Assert.ThrowsAsync<Grpc.Core.RpcException>(async () =>
            await node.Channel.CreateCallInvoker().AsyncUnaryCall(shouted, null, new Grpc.Core.CallOptions(), []));
        Assert.Equal(Grpc.Core.StatusCode.Unimplemented, refused.StatusCode);
    }

    private static readonly Grpc.Core.Marshaller<byte[]> Bytes = Grpc.Core.Marshallers.Create(static (byte[] bytes) => bytes, static bytes => bytes);

    // The header of a SQLite file has the user version at offset 60, big-endian (https://www.sqlite.org/fileformat2.html).
    private static void SetSchemaVersion(string file, int version)
    {
        using var stream = File.OpenWrite(file);
        stream.Position = 60;
        Span<byte> bytes = stackalloc byte[4];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(bytes, version);
        stream.Write(bytes);
    }
}
