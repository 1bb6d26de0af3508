namespace Meshover.Bench.Dataplane;

/// <summary>
/// The data plane beside the others: all of them up at once between two namespaces, measured in turns, so that whatever else the machine
/// does hits them alike.
/// </summary>
internal static class DataplaneBench
{
    private const string Debian13 = "peers-trixie";

    // The newer one uses the kernel's offloads, as it has since 2023.
    private static readonly PeerRelease[] WireGuardGo = [new("wireguard-go", 1), new("wireguard-go-2023", 6, Debian13)];
    private static readonly PeerRelease[] Nebula = [new("nebula", 4), new("nebula-1.9", 7, Debian13)];

    public static async Task<IReadOnlyList<Measurement>> RunAsync(BenchOptions options, TextWriter progress, CancellationToken ct)
    {
        await using var cable = await Cable.LayAsync();
        try
        {
            var subjects = await StartAsync(cable, options.Subjects);
            foreach (var subject in subjects)
                await Cable.WaitForAnswerAsync(subject.Address);
            return await MeasureAsync(subjects, options, progress, ct);
        }
        finally
        {
            Array.ForEach(WireGuardGo, Peers.CleanUp);
        }
    }

    private static async Task<List<Subject>> StartAsync(Cable cable, IReadOnlyList<string> wanted)
    {
        List<Subject> subjects = [new Subject("veth", Cable.Address(2), [])];
        bool Wants(string name) => wanted.Count == 0 || wanted.Contains(name, StringComparer.Ordinal);
        foreach (var release in WireGuardGo.Where(release => Wants(release.Name)))
            subjects.Add(await Peers.StartWireGuardGoAsync(cable, release));
        foreach (var release in Nebula.Where(release => Wants(release.Name)))
            subjects.Add(await Peers.StartNebulaAsync(cable, release));
        if (Wants("tinc"))
            subjects.Add(await Peers.StartTincAsync(cable));
        if (Wants("meshover") || Wants("meshover+gre"))
            subjects.AddRange(await MeshoverEngine.StartAsync(cable));
        if (Wants("meshover-null"))
            subjects.Add(await MeshoverEngine.StartNullAsync(cable));
        subjects.RemoveAll(subject => !Wants(subject.Name));
        return subjects;
    }

    private static async Task<List<Measurement>> MeasureAsync(List<Subject> subjects, BenchOptions options, TextWriter progress, CancellationToken ct)
    {
        var results = new List<Measurement>();
        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var subject in subjects)
            {
                await progress.WriteLineAsync($"round {round} of {options.Rounds}: {subject.Name}");
                results.AddRange(await new SubjectCases(subject, options.Seconds).MeasureAsync(ct));
            }
        }
        return results;
    }
}
