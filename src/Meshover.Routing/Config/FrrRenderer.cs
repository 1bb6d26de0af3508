using System.Collections.Immutable;
using Meshover.Mesh.Paths;
using Meshover.Mesh.Planning;
using Scriban.Runtime;

namespace Meshover.Routing.Config;

/// <summary>Turns what routing must do into FRR's configuration. Pure.</summary>
public static class FrrRenderer
{
    private static readonly FrrTemplate _externalNeighbors = FrrTemplateSet.ReadEmbedded("bgpd.neighbors.conf.liquid");

    /// <exception cref="FrrTemplateException">A template names what does not exist; nothing is to be applied then.</exception>
    public static FrrConfig Render(RoutingModel model, FrrTemplateSet templates)
    {
        model = WithProfilesOf(templates, model);
        var values = Values(model, templates);
        var bgpd = templates.Bgpd.Render(values, templates.Snippets) + RenderExternal(model);
        return new FrrConfig(templates.Zebra.Render(values, templates.Snippets), bgpd, templates.Bfdd.Render(values, templates.Snippets))
        {
            BgpPort = model.BgpPort,
            Leased = [.. model.Networks.Where(network => network.IsLeased).Select(network => PrefixListEntry.Text(network.Prefix))],
            // A neighbour may have a slower profile than this end.
            BfdDetectionMs = Math.Max(model.Bfd.Wan.DetectionMs, model.Neighbors.Max(neighbor => (int?)model.Bfd.Of(neighbor.BfdProfile).DetectionMs) ?? 0),
        };
    }

    /// <summary>An operator's own template for bfdd may have one profile alone: then all links have it, as bfdd takes its own timers for one that is not there.</summary>
    private static RoutingModel WithProfilesOf(FrrTemplateSet templates, RoutingModel model)
    {
        if (!templates.Bfdd.IsUsers)
            return model;
        var there = templates.Bfdd.Render(Values(model, templates), templates.Snippets).Split('\n')
            .Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is ["profile", var name] ? name : "").ToHashSet(StringComparer.Ordinal);
        return model with
        {
            Neighbors = [.. model.Neighbors.Select(one => there.Contains(TemplateValues.NameOf(one.BfdProfile)) ? one : one with { BfdProfile = BfdProfile.Wan })],
        };
    }

    /// <summary>The lines that the user's templates say, and where: for whoever must say which of them FRR refuses.</summary>
    /// <exception cref="FrrTemplateException">As <see cref="Render"/>.</exception>
    public static ImmutableArray<TemplateLine> Trace(RoutingModel model, FrrTemplateSet templates) => [.. templates.Trace(Values(WithProfilesOf(templates, model), templates))];

    /// <summary>All that a template may name.</summary>
    internal static ScriptObject Values(RoutingModel model, FrrTemplateSet templates)
    {
        var values = TemplateValues.From(model);
        templates.Snippets.PutInto(values);
        return values;
    }

    /// <summary>What is declared holds whatever the operator's templates make of the rest.</summary>
    private static string RenderExternal(RoutingModel model) =>
        model.ExternalNeighbors.IsEmpty ? "" : _externalNeighbors.Render(ExternalValues.From(model));
}
