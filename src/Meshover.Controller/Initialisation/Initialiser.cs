using System.Collections.Immutable;
using Meshover.Controller.Administration;
using Meshover.Controller.Backups;
using Meshover.Controller.Changes;
using Meshover.Controller.Configuration;
using Meshover.Controller.Identity;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Controller.Stores.Sqlite;

namespace Meshover.Controller.Initialisation;

/// <summary>Makes a mesh: store, keys, first join token, configuration file. Everything is checked first and made beside its place, then moved there.</summary>
internal static class Initialiser
{
    private static readonly TimeSpan FirstTokenLifetime = TimeSpan.FromHours(24);

    /// <returns>The first join string, and the first token of the console.</returns>
    /// <exception cref="ConfigException">With what is wrong; nothing was changed.</exception>
    public static async Task<(string Join, CreatedConsoleToken Console)> RunAsync(ControllerConfig config, ControllerPaths paths, TimeProvider time, CancellationToken cancel)
    {
        if (File.Exists(paths.Store))
            throw new ConfigException($"{paths.State} already holds a mesh: start it with `meshover-controller serve`, or name another directory with --state.");
        var options = ConfigReader.Read(config);
        var machine = MachineNetworks.Read();
        var pools = PoolPlan.Make(options.Pools, machine);
        var addresses = options.Addresses.IsEmpty ? MachineNetworks.GlobalAddresses(machine, options.Port) : options.Addresses;
        if (addresses.IsEmpty)
            throw new ConfigException("This machine has no address that others could reach: name where nodes find the controller with --address HOST[:PORT].");
        try
        {
            return await MakeAsync(WithPools(config, pools), paths, Describe(pools, addresses), time, cancel);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new ConfigException($"Cannot write the controller's files: {e.Message} Run it as root, or name others with --state and --config.");
        }
    }

    private static async Task<(string Join, CreatedConsoleToken Console)> MakeAsync(ControllerConfig config, ControllerPaths paths, MeshRecord mesh, TimeProvider time, CancellationToken cancel)
    {
        var madeState = PrivateDirectory.Create(paths.State);
        var building = paths.Store + ".new";
        try
        {
            StoreFiles.Delete(building);
            var made = await FillAsync(building, mesh, time.GetUtcNow(), cancel);
            WriteConfig(config, paths.Config);
            StoreFiles.Move(building, paths.Store);
            return made;
        }
        catch
        {
            if (madeState && Directory.Exists(paths.State))
                Directory.Delete(paths.State, recursive: true);
            throw;
        }
        finally
        {
            StoreFiles.Delete(building);
        }
    }

    private static async Task<(string Join, CreatedConsoleToken Console)> FillAsync(string file, MeshRecord mesh, DateTimeOffset now, CancellationToken cancel)
    {
        var secret = CertificateAuthority.Create(now);
        mesh = mesh with { CaPins = [CertificateAuthority.PinOf(secret)] };
        var token = new JoinTokenClaims
        {
            Id = JoinTokens.NewId(),
            Created = now.ToUnixTimeSeconds(),
            Expires = (now + FirstTokenLifetime).ToUnixTimeSeconds(),
            Uses = TokenRecord.Unlimited,
        };
        var draft = new Draft(MeshState.Empty);
        draft.Put(StoreKeys.Mesh, mesh);
        draft.Put(StoreKeys.Secret, secret);
        draft.Put(StoreKeys.Allocation, new AllocationRecord(1, 0));
        TokenRules.Create(draft, token);
        var console = ConsoleTokenRules.New(new ConsoleTokenWish("administrator", "administrator", LifetimeSeconds: 0, Once: false), now);
        ConsoleTokenRules.Create(draft, console.Record);
        await using var store = SqliteStore.Open(file);
        await OfflineChange.CommitAsync(store, draft, Operation.Initialise, now, cancel);
        using var signer = new TokenSigner(secret);
        return (JoinTokens.ToJoinString(mesh, JoinTokens.Sign(signer, token)).ToString(), console with { Address = mesh.Controllers[0] });
    }

    private static MeshRecord Describe(PoolPlan pools, ImmutableArray<string> addresses) => new()
    {
        StoreId = Guid.NewGuid().ToString("N"),
        Pool4 = pools.Pool4.ToString(),
        Pool6 = pools.Pool6.ToString(),
        TunnelPool = pools.TunnelPool.ToString(),
        WorkloadPool4 = pools.Workload4?.ToString(),
        WorkloadPool6 = pools.Workload6?.ToString(),
        AsnFirst = pools.AsnFirst,
        AsnLast = pools.AsnLast,
        Controllers = addresses,
        CaPins = [],
    };

    // What was chosen is written down, so that the file says all; the addresses are not: an empty list follows the machine.
    private static ControllerConfig WithPools(ControllerConfig config, PoolPlan pools) => config with
    {
        Pool4 = pools.Pool4.ToString(),
        Pool6 = pools.Pool6.ToString(),
        TunnelPool = pools.TunnelPool.ToString(),
        Asn = $"{pools.AsnFirst}-{pools.AsnLast}",
    };

    /// <summary>Writes the configuration file; one that says the same already keeps its comments.</summary>
    public static void WriteConfig(ControllerConfig config, string path)
    {
        if (File.Exists(path) && ConfigFile.Write(ConfigFile.Read(path)) == ConfigFile.Write(config))
            return;
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        File.WriteAllText(path + ".new", ConfigFile.Write(config));
        DurableFile.Move(path + ".new", path);
    }
}
