using System.Collections.Immutable;
using Meshover.Mesh.Findings;
using Meshover.Mesh.Planning;
using Meshover.Routing.Config;
using Meshover.Routing.Supervision;

namespace Meshover.Agent.Reconciling;

/// <summary>
/// Renders FRR's configuration and hands it to <c>meshover routing</c> when it changed, or when that has none. A template with an
/// error, or with what FRR refuses, changes nothing: the last good configuration goes on running, and the error is shown. What the map changes
/// meanwhile, such as a node that is removed, is applied with the templates and neighbours outside that were taken last.
/// </summary>
internal sealed class RoutingReconciler(RoutingClient client, FrrBackendConfig backend, TemplateFiles templates, SourceRouteDebt debt, TimeProvider time) : IReconciler<RoutingPlan>
{
    /// <summary>FRR will refuse the same words again, unless what was wrong was not the words; each try costs it a check of the whole.</summary>
    private static readonly TimeSpan RetryRefused = TimeSpan.FromSeconds(15);

    /// <summary>The same where there are others to go on with: a daemon that refuses what the check lets pass has FRR start anew.</summary>
    private static readonly TimeSpan RetryWithFormer = TimeSpan.FromMinutes(10);

    /// <summary>
    /// What is asked for starts vtysh, and in a large mesh bgpd is busy with the answer for a while: while all is right it is asked by time,
    /// and not for each plan.
    /// </summary>
    private static readonly TimeSpan LongestWithoutAsking = TimeSpan.FromSeconds(10);

    /// <summary>In a small mesh, where the answer is had in some hundredths of a second: what changed is known before somebody asks for it.</summary>
    private static readonly TimeSpan ShortestWithoutAsking = TimeSpan.FromSeconds(4);
    private const int AskShare = 50;

    /// <summary>Likewise, where there is reason to think that a session has changed.</summary>
    private const int HurriedShare = 10;

    private Rendering? _rendered;
    private Rendering? _renderedFormer;
    private Words? _good;
    private FrrConfig? _applied;
    private bool _mustApply;
    private Refusal? _refused;
    private (FrrConfig Config, long At)? _formerRefused;
    private long _asked;
    private TimeSpan _askAgain;
    private TimeSpan _askHurried;
    private bool _isHurried;

    public string Name => "routing";

    /// <summary>What FRR said last; null: it did not answer.</summary>
    public RoutingStatus? LastStatus { get; private set; }

    /// <summary>What `meshover routing` runs is not what it was given: the next pass gives it anew. For any thread.</summary>
    public void Forget() => Volatile.Write(ref _mustApply, true);

    /// <summary>Something has changed that FRR knows of: the next pass asks it, unless its answers take long. For any thread.</summary>
    public void Hurry() => Volatile.Write(ref _isHurried, true);

    public async Task<ReconcileReport> ReconcileAsync(RoutingPlan plan, CancellationToken cancellationToken)
    {
        if (plan.Model is null)
            return new ReconcileReport { State = ComponentState.Off };
        if (Interlocked.Exchange(ref _mustApply, false))
            _applied = null;
        try
        {
            var status = IsToBeAsked() ? await AskAsync(cancellationToken) : LastStatus!;
            var (change, error) = await BringAsync(plan.Model, status, cancellationToken);
            if (change is not null)
                status = await AskAsync(cancellationToken);
            return Report(status, change, refused: error, await PaySourceRoutesAsync(status, cancellationToken));
        }
        catch (RoutingException e)
        {
            (_applied, _refused, LastStatus) = (null, null, null);
            return new ReconcileReport
            {
                State = ComponentState.Starting,
                Kind = "frr",
                Errors = [e.Message],
                Findings = [new Finding(FindingKinds.RoutingSilent, "", e.Message)],
            };
        }
    }

    private bool IsToBeAsked() =>
        LastStatus is not { State: RoutingState.Running, Errors.IsEmpty: true } || time.GetElapsedTime(_asked) >= (Volatile.Read(ref _isHurried) ? _askHurried : _askAgain);

    private async Task<RoutingStatus> AskAsync(CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        Volatile.Write(ref _isHurried, false);
        LastStatus = await client.GetStatusAsync(cancellationToken);
        _asked = time.GetTimestamp();
        var took = time.GetElapsedTime(began, _asked) * AskShare;
        _askHurried = TimeSpan.FromTicks(Math.Min(took.Ticks / AskShare * HurriedShare, LongestWithoutAsking.Ticks));
        _askAgain = took < ShortestWithoutAsking ? ShortestWithoutAsking : took < LongestWithoutAsking ? took : LongestWithoutAsking;
        return LastStatus;
    }

    /// <summary>Returns why they are still owed; null where they are not.</summary>
    private async Task<string?> PaySourceRoutesAsync(RoutingStatus status, CancellationToken cancellationToken)
    {
        if (status.State != RoutingState.Running || debt.Owed is not { } owed)
            return null;
        try
        {
            await client.ToggleSourceRouteMapAsync(cancellationToken);
            debt.Settle(owed);
            return null;
        }
        catch (RoutingException e)
        {
            return $"Routes that the kernel removed with the node's address have not been set again yet: {e.Message}";
        }
    }

    private async Task<(string? Change, string? Error)> BringAsync(RoutingModel model, RoutingStatus status, CancellationToken cancellationToken)
    {
        Words? wanted = null;
        string? change = null, error;
        try
        {
            wanted = new Words(templates.Current, model.ExternalNeighbors);
            (change, error) = await TryAsync(model, wanted.Value, status, cancellationToken);
        }
        catch (Exception e) when (e is FrrTemplateException or ArgumentException)
        {
            error = e.Message; // the templates', or what the map has for them
        }
        if (error is null)
            _good = wanted;
        if (error is null || _good is not { } former || former == wanted)
            return (change, error);
        // FRR goes on with the last that were right; a neighbour that is wanted no more, or may not be spoken to any more, goes all the same.
        var neighbors = former.Neighbors.Where(neighbor => model.ExternalNeighbors.Any(present => present.Name == neighbor.Name));
        return (await GoOnAsync(model with { ExternalNeighbors = [.. neighbors] }, former, status, cancellationToken), error);
    }

    private async Task<(string? Change, string? Error)> TryAsync(RoutingModel model, Words words, RoutingStatus status, CancellationToken cancellationToken)
    {
        var config = Render(ref _rendered, model, words);
        if (config == _applied && !LacksConfiguration(status))
            return (null, null);
        if (status.State == RoutingState.Running && _refused is { } refused && IsStillRefused(refused, words, config))
            return (null, refused.Reason);
        return await ApplyAsync(model, config, words, isRunning: status.State == RoutingState.Running, cancellationToken);
    }

    private bool IsStillRefused(Refusal refused, Words words, FrrConfig config) => _good is { } former && !former.Equals(words)
        ? refused.Words.Equals(words) && time.GetElapsedTime(refused.At) < RetryWithFormer
        : refused.Config == config && time.GetElapsedTime(refused.At) < RetryRefused;

    /// <returns>What changed.</returns>
    private async Task<string?> GoOnAsync(RoutingModel model, Words former, RoutingStatus status, CancellationToken cancellationToken)
    {
        try
        {
            var config = Render(ref _renderedFormer, model, former);
            if ((config == _applied && !LacksConfiguration(status)) || (_formerRefused is { } refused && refused.Config == config && time.GetElapsedTime(refused.At) < RetryRefused))
                return null;
            _formerRefused = (config, time.GetTimestamp());
            var result = await client.ApplyAsync(config, cancellationToken);
            (_applied, _formerRefused) = (config, null);
            return Describe(result);
        }
        catch (Exception e) when (e is FrrTemplateException or ArgumentException or RoutingException { InnerException: null })
        {
            return null; // the error that is shown comes first
        }
    }

    /// <summary>Once for a model and templates, as it takes half a second for 3,000 neighbours.</summary>
    private FrrConfig Render(ref Rendering? last, RoutingModel model, Words words)
    {
        if (last is null || last.Model != model || last.Templates != words.Templates)
            last = new Rendering(model, words.Templates, FrrRenderer.Render(model, words.Templates) with { Backend = backend });
        return last.Config;
    }

    /// <summary>After <c>meshover routing</c> was told to stop, or lost its files.</summary>
    private static bool LacksConfiguration(RoutingStatus status) => status.State is RoutingState.Waiting or RoutingState.Stopped;

    private async Task<(string? Change, string? Error)> ApplyAsync(
        RoutingModel model, FrrConfig config, Words words, bool isRunning, CancellationToken cancellationToken)
    {
        try
        {
            var result = await client.ApplyAsync(config, cancellationToken);
            (_applied, _refused) = (config, null);
            return (Describe(result), null);
        }
        catch (RoutingException e) when (e.InnerException is null)
        {
            // Refused, not unanswered. FRR runs what it ran before, and that is compared anew when the words are mended.
            var reason = isRunning ? WithAdvice(e.Message, model) : e.Message;
            (_applied, _refused) = (null, new Refusal(config, words, reason, time.GetTimestamp()));
            return (null, reason);
        }
    }

    /// <summary>FRR that runs refuses words only, and the built-in templates' are known to be right.</summary>
    private string WithAdvice(string refusal, RoutingModel model)
    {
        if (model.ExternalNeighbors.FirstOrDefault(neighbor => refusal.Contains($"neighbor {neighbor.Name} ", StringComparison.Ordinal)
                || refusal.Contains($"MO-OUTSIDE-FROM-{neighbor.Name} ", StringComparison.Ordinal)) is { } outside)
            return $"{refusal.TrimEnd('.')}. FRR keeps its last configuration; correct the neighbour {outside.Name} in the settings (neighbors)";
        if (templates.Directory is not { } directory)
            return refusal;
        var place = TemplateLine.Find(FrrRenderer.Trace(model, templates.Current), refusal) is { } line ? $"{line.File}({line.Line}): " : "";
        return $"{place}{refusal.TrimEnd('.')}. FRR keeps its last configuration; correct the templates in {directory}";
    }

    private static string? Describe(ApplyResult result) => result switch
    {
        { Restarted: true } => "started FRR",
        { Commands: > 0 } => $"changed {result.Commands} lines of FRR's configuration",
        _ => null,
    };

    private static ReconcileReport Report(RoutingStatus status, string? change, string? refused, string? owed)
    {
        ImmutableArray<string> errors = [.. status.Errors.Concat(((string?[])[refused, owed]).OfType<string>()).Distinct(StringComparer.Ordinal)];
        var findings = status.Findings.Select(fault => new Finding(FindingKinds.Find(fault.Code) ?? FindingKinds.FrrFailed, fault.Subject, fault.Text)).ToList();
        if (refused is not null && status.State is RoutingState.Running && !findings.Exists(finding => finding.Text == refused))
            findings.Add(new Finding(FindingKinds.FrrConfigurationRefused, "", refused));
        return new ReconcileReport
        {
            State = status.State switch
            {
                RoutingState.Running => errors.IsEmpty ? ComponentState.Ok : ComponentState.Degraded,
                RoutingState.Failed => ComponentState.Failed,
                _ => ComponentState.Starting,
            },
            Kind = status.FrrVersion is null ? "frr" : $"frr {status.FrrVersion}",
            Errors = errors,
            Findings = [.. findings],
            Changes = change is null ? [] : [change],
        };
    }

    /// <summary>What users say of FRR's configuration.</summary>
    private readonly record struct Words(FrrTemplateSet Templates, ImmutableArray<ExternalNeighbor> Neighbors)
    {
        public bool Equals(Words other) => Templates == other.Templates && Neighbors.SequenceEqual(other.Neighbors);

        public override int GetHashCode() => HashCode.Combine(Templates, Neighbors.Length);
    }

    private sealed record Rendering(RoutingModel Model, FrrTemplateSet Templates, FrrConfig Config);

    private sealed record Refusal(FrrConfig Config, Words Words, string Reason, long At);
}
