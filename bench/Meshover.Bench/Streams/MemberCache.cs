using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Net.Client;
using Meshover.Contract.V1;
using Meshover.Mesh.Trust;

namespace Meshover.Bench.Streams;

/// <summary>
/// Members that were enrolled once, and backups of the controller's store with so many of them: making ten thousand keys and enrolling them takes
/// longer than all that is measured.
/// </summary>
internal sealed class MemberCache(string directory, TextWriter progress)
{
    private const int EnrolmentsAtOnce = 32;
    private const int Port = 12913; // no matter which: none is dialled by it
    private static readonly TimeProvider Time = TimeProvider.System;

    private string IdentitiesFile => Path.Combine(directory, "identities");

    /// <summary>The backup whose mesh has so many members.</summary>
    public string BackupOf(int members) => Path.Combine(directory, $"members-{members}.backup");

    /// <summary>Members, in the order of enrolling.</summary>
    /// <param name="sizes">Of the meshes that there are to be, rising.</param>
    /// <param name="most">Members that are wanted now: each takes some milliseconds.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<IReadOnlyList<StreamIdentity>> LoadAsync(IReadOnlyList<int> sizes, int most, CancellationToken ct)
    {
        if (!File.Exists(IdentitiesFile) || sizes.Any(size => !File.Exists(BackupOf(size))))
            await MakeAsync(sizes, ct);
        using var file = new BinaryReader(File.OpenRead(IdentitiesFile));
        return [.. Enumerable.Range(0, Math.Min(file.ReadInt32(), most)).Select(_ => StreamIdentity.Read(file))];
    }

    private async Task MakeAsync(IReadOnlyList<int> sizes, CancellationToken ct)
    {
        if (Directory.Exists(directory))
            Directory.Delete(directory, recursive: true);
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using var controller = new BenchedController(Path.Combine(directory, "making"));
        var join = JoinString.Parse(await controller.InitAsync());
        // So that they are good for as long as the files are kept.
        await controller.ServeAsync(["--credential-lifetime", "90d"], ct);
        var members = new List<StreamIdentity>();
        foreach (var size in sizes)
        {
            var start = Time.GetTimestamp();
            StreamIdentity[] added = [.. Enumerable.Range(members.Count, size - members.Count).AsParallel().AsOrdered().Select(number => StreamIdentity.New($"bench-{number}"))];
            await Parallel.ForAsync(0, added.Length, new ParallelOptions { MaxDegreeOfParallelism = EnrolmentsAtOnce, CancellationToken = ct },
                async (number, cancel) => await EnrolAsync(added[number], members.Count + number, join.Token, controller.Port, cancel));
            members.AddRange(added);
            await controller.BackupAsync(BackupOf(size));
            await progress.WriteLineAsync($"{added.Length} members enrolled in {Time.GetElapsedTime(start).TotalSeconds:0} s");
        }
        await using var file = new BinaryWriter(File.Create(IdentitiesFile));
        file.Write(members.Count);
        members.ForEach(member => member.Write(file));
    }

    private static async Task EnrolAsync(StreamIdentity identity, int number, string token, int port, CancellationToken ct)
    {
        using var handler = new SocketsHttpHandler { ConnectCallback = async (_, cancel) => await Connections.OpenAsync(identity, port, cancel) };
        using var channel = GrpcChannel.ForAddress($"https://{ContractRevision.ServerName}:{Port}", new GrpcChannelOptions { HttpHandler = handler });
        var answer = await new MeshService.MeshServiceClient(channel).EnrollAsync(new EnrollRequest
        {
            Hello = new Hello { Version = "0.1.0", Contract = ContractRevision.Current, ContractOldest = ContractRevision.Oldest },
            Token = token,
            Hostname = identity.HostName,
            WireguardKey = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(32)),
            Endpoints = { NodeStream.EndpointOf(number) },
            ListenPort = 12912,
        }, cancellationToken: ct);
        identity.Joined(answer.Credential.Jwt);
    }
}
